# Pictify's webhooks for Rails 6.1 or newer. In config/routes.rb:
#
#   post "/webhooks/pictify", to: "pictify_webhooks#create"
#
# ActionController::API has no CSRF check and no login of ApplicationController. Elsewhere it takes
# skip_before_action :verify_authenticity_token, because the signature is the protection.

require "json"
require "openssl"

class PictifyWebhooksController < ActionController::API
  SECRET = ENV.fetch("PICTIFY_WEBHOOK_SECRET", "")
  raise "PICTIFY_WEBHOOK_SECRET is not set" if SECRET.empty?

  def create
    body = request.raw_post.to_s # not params: the raw bytes are signed
    return head :unauthorized unless verify(request.headers["X-Pictify-Signature"], body)

    event = parse(body)
    return head :bad_request unless event

    # Answer first, then work: after 30 s Pictify gives up and sends it again. In production use a
    # queue that outlives the process (Solid Queue, Sidekiq).
    id = request.headers["X-Pictify-Delivery-Id"]
    enqueue(id, event) if first_time?(id)
    head :ok
  end

  # What is to be done about an event.
  class Work < ActiveJob::Base
    def perform(event)
      data = event["data"]
      case event["event"]
      when "render.completed"
        Rails.logger.info("#{event["event"]} #{data["imageId"]} #{data["url"]}")
      when "render.failed"
        Rails.logger.info("#{event["event"]} #{data["errorCode"]} #{data["error"]}")
      when "batch.completed"
        Rails.logger.info("#{event["event"]} #{data["batchId"]} #{data["status"]}")
      else
        # binding.updated, binding.failed, and what Pictify may add: it has its 200
      end
    end
  end

  private

  # Pictify may send a delivery twice, and retries for more than a day. In production the cache must
  # be one that all processes share, or this a table with a unique key. (The cache of a development
  # server may be off: bin/rails dev:cache.)
  def first_time?(id)
    id.blank? || Rails.cache.write("pictify:#{id}", true, unless_exist: true, expires_in: 3.days) != false
  end

  def enqueue(id, event)
    Work.perform_later(event)
  rescue StandardError
    Rails.cache.delete("pictify:#{id}") # the answer is 500, so it comes again
    raise
  end

  # The signature is over "t.", then the bytes of the body as they came.
  def verify(header, body, now = Time.now.to_i)
    parts = header.to_s.split(",", -1).map { |part| part.match(/\A([!-<>-~]+)=([!-<>-~]*)\z/) }
    return false if parts.empty? || !parts.all?

    t = parts.select { |part| part[1] == "t" }.map { |part| part[2] }
    v1 = parts.select { |part| part[1] == "v1" }.map { |part| part[2].downcase } # several while a secret is replaced
    return false unless t.size == 1 && t[0].match?(/\A[1-9][0-9]{0,14}\z/) && (now - t[0].to_i).abs <= 300
    return false unless v1.size <= 8 && v1.all?(/\A[0-9a-f]{64}\z/)

    want = OpenSSL::HMAC.hexdigest("SHA256", SECRET, "#{t[0]}.".b + body.b)
    v1.any? { |mac| ActiveSupport::SecurityUtils.secure_compare(mac, want) }
  end

  def parse(body)
    event = JSON.parse(body)
    event if event.is_a?(Hash) && event["event"].is_a?(String)
  rescue JSON::ParserError, EncodingError
    nil
  end
end
