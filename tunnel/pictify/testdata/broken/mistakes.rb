# Makes deliveries whose signature is wrong, each by making the mistake.
#
#     ruby mistakes.rb > ruby.json
require "base64"
require "json"
require "openssl"

GIVEN = JSON.parse(File.read(File.join(__dir__, "given.json"), encoding: "UTF-8"))
NOW, SECRET, PLAIN, RICH, PRETTY = GIVEN.values_at("now", "secret", "plain", "rich", "pretty")
CASES = []

def add(name, want, v1, body = PLAIN, t: NOW, **more)
  CASES << { name: "Ruby: #{name}", want: want.split, header: [["X-Pictify-Signature", "t=#{t},v1=#{v1}"]],
             body_base64: Base64.strict_encode64(body), **more }
end

def hmac(text, key: SECRET, algorithm: "SHA256") = OpenSSL::HMAC.hexdigest(algorithm, key, text)

def signed(name, want, text, body = PLAIN, **more) = add(name, want, hmac("#{NOW}.#{text}"), body, **more)

parsed = JSON.parse(RICH)
# How floats, empty lists and hashes look changes with the versions of Ruby and its json: varies.
signed "JSON.generate", "json-compact", JSON.generate(parsed), RICH, varies: true
signed "JSON.pretty_generate", "json-indent-2", JSON.pretty_generate(JSON.parse(PRETTY)), PRETTY.delete("\n")
signed "params in a text", "text-ruby", "#{parsed}", RICH, varies: true
signed "Rails's to_json", "json-html", JSON.generate(parsed).gsub(/[<>&\u2028\u2029]/) { |c| "\\u%04x" % c.ord }, RICH, varies: true
signed "nil", "body-empty", nil.to_s
signed "chomp", "body-newline-removed", PRETTY.chomp, PRETTY
signed "body.read a second time", "body-empty", ""
add "Base64.encode64", "header-blanks encoding-base64", Base64.encode64(OpenSSL::HMAC.digest("SHA256", SECRET, "#{NOW}.#{PLAIN}"))
add "arguments of hexdigest exchanged", "digest-swapped", hmac(SECRET, key: "#{NOW}.#{PLAIN}")
add "SHA1", "digest-algorithm", hmac("#{NOW}.#{PLAIN}", algorithm: "SHA1")
add "Time.now in a text", "message-time-form", hmac("#{Time.at(NOW).utc}.#{PLAIN}")
add "Time#to_f", "message-time-form", hmac("#{Time.at(NOW).to_f}.#{PLAIN}")
add "ENV of a variable that is not set", "key-empty", hmac("#{NOW}.#{PLAIN}", key: ENV["PICTAP_NO_SUCH_VARIABLE"].to_s)
add "secret from File.read", "key-newline", hmac("#{NOW}.#{PLAIN}", key: "#{SECRET}\n")
add "secret.inspect", "key-quotes", hmac("#{NOW}.#{PLAIN}", key: SECRET.inspect)
add "[secret].pack('H*')", "key-hex", hmac("#{NOW}.#{PLAIN}", key: [SECRET.delete_prefix("whsec_")].pack("H*"))
add "secret.upcase", "key-upper", hmac("#{NOW}.#{PLAIN}", key: SECRET.upcase)
add "JSON.generate, and no time", "message-no-time json-stringify", hmac(JSON.generate(JSON.parse(PRETTY))), PRETTY
hard = JSON.parse(GIVEN["hard"])
signed "hard: JSON.generate", "json-compact", JSON.generate(hard), GIVEN["hard"], varies: true
signed "hard: JSON.pretty_generate", "json-indent-2", JSON.pretty_generate(hard), GIVEN["hard"], varies: true
signed "hard: Hash#to_s", "text-ruby", hard.to_s, GIVEN["hard"], varies: true
add "handler: to_json", "json-compact", hmac("#{NOW}.#{RICH}"), RICH, expected: hmac("#{NOW}.#{JSON.generate(parsed)}"), handler: true, varies: true

puts JSON.pretty_generate(CASES)
