# Drives the snippet of Rails, see README.md: ruby rails.rb FILE. It stands in for as much of Rails 7.1
# as the snippet uses. Source: api.rubyonrails.org/v7.1.

require "json"
require "openssl"

$stdout.sync = true
$said = []
$answered = false

module ActiveSupport
  module SecurityUtils
    def self.secure_compare(a, b)
      a.bytesize == b.bytesize && OpenSSL.fixed_length_secure_compare(a, b)
    end
  end
end

class Integer
  def days = self * 86_400
end

class Object
  def blank? = respond_to?(:empty?) ? empty? : !self
end

module Rails
  class Cache
    def initialize = @values = {}

    # Reports whether it was written; with unless_exist it is not when the key is there.
    def write(key, value, unless_exist: false, expires_in: nil)
      return false if unless_exist && @values.key?(key)

      @values[key] = value
      true
    end

    def delete(key) = @values.delete(key)
  end

  class Logger
    def info(text) = $said << ($answered ? ">" : "<") + [text].pack("m0")
  end

  def self.cache = @cache ||= Cache.new
  def self.logger = @logger ||= Logger.new
end

module ActiveJob
  class Base
    def self.jobs = @@jobs ||= []
    def self.perform_later(*args) = jobs << [self, Marshal.dump(args)] # of the adapter :async, which is in the process
  end
end

module ActionController
  class API
    attr_accessor :request, :status

    def head(status) = self.status = { ok: 200, bad_request: 400, unauthorized: 401 }.fetch(status)
  end
end

Headers = Struct.new(:fields) do
  def [](name) = fields[name.downcase]
end

Request = Struct.new(:headers, :raw_post)

require File.expand_path(ARGV[0])

# Rails reads the parameters for its log before the action, and answers 400 to JSON that is none.
def readable?(type, body)
  return true if type != "application/json" || body.empty?

  JSON.parse(body.dup.force_encoding("UTF-8").encode("UTF-16"), max_nesting: 100) && true
rescue JSON::ParserError, EncodingError
  false
end

def answer(headers, body)
  return 400 unless readable?(headers["content-type"], body)

  controller = PictifyWebhooksController.new
  controller.request = Request.new(Headers.new(headers), body.empty? ? nil : body)
  controller.create
  controller.status || 204
rescue StandardError => e
  warn e.full_message
  500
end

def work
  ActiveJob::Base.jobs.each { |job, args| job.new.perform(*Marshal.load(args)) }
rescue StandardError => e
  warn e.full_message
ensure
  ActiveJob::Base.jobs.clear
end

puts "ready"
while (line = $stdin.gets)
  now, *fields = line.chomp.split(" ", -1)
  signature, id, type, body = fields.map { |field| field == "-" ? nil : field[1..].unpack1("m") }
  Time.define_singleton_method(:now) { Time.at(now.to_i) }
  headers = { "x-pictify-signature" => signature, "x-pictify-delivery-id" => id, "content-type" => type }
  $answered = false
  status = answer(headers, body)
  $answered = true
  work
  puts [status, *$said].join(" ")
  $said.clear
end
