// Makes deliveries whose signature is wrong, each by making the mistake.
//
//     node mistakes.mjs > node.json
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

const given = JSON.parse(readFileSync(new URL('given.json', import.meta.url), 'utf8'));
const { now, secret, plain, rich, latin, pretty } = given;
const cases = [];

function add(name, want, header, body, more = {}) {
  const fields = typeof header === 'string' ? [['X-Pictify-Signature', header]] : header;
  cases.push({ name: `Node: ${name}`, want: want.split(' '), header: fields, body_base64: Buffer.from(body).toString('base64'), ...more });
}

const hmac = (message, key = secret, algorithm = 'sha256') => createHmac(algorithm, key).update(message);

// The usual header, of a text that is not the body.
function signed(name, want, text, body = plain, more = {}, key = secret, t = now) {
  add(name, want, `t=${t},v1=${hmac(`${t}.${text}`, key).digest('hex')}`, body, more);
}

const parsed = JSON.parse(rich);
signed('JSON.stringify(req.body)', 'json-stringify', JSON.stringify(parsed), rich);
signed('JSON.stringify(req.body, null, 2)', 'json-indent-2', JSON.stringify(parsed, null, 2), rich);
signed('JSON.stringify with tabs', 'json-indent-tab', JSON.stringify(parsed, null, '\t'), rich);
signed('JSON.stringify of what was indented', 'json-stringify', JSON.stringify(JSON.parse(pretty)), pretty);
signed('sorted names', 'json-sorted', JSON.stringify(parsed, sortedNames), rich);
signed('req.body in a template', 'body-literal', parsed, rich);
signed('body that was not awaited', 'body-literal', Promise.resolve(plain));
signed('a stream in a template', 'body-literal', new ReadableStream());
signed('an ArrayBuffer in a template', 'body-literal', new TextEncoder().encode(plain).buffer);
signed('a Uint8Array in a template', 'body-bytes-literal', new TextEncoder().encode(plain));
signed('JSON.stringify of a Buffer', 'body-bytes-literal', JSON.stringify(Buffer.from(plain)));
signed('undefined body', 'body-literal', undefined);
signed('null body', 'body-literal', null);
signed('what express.json leaves of no body', 'body-literal', JSON.stringify({}));
signed('JSON.stringify of a string', 'body-string', JSON.stringify(rich), rich);
signed('data alone', 'body-data-only', JSON.stringify(parsed.data), rich);
signed('express.urlencoded of JSON', 'body-form', JSON.stringify({ [plain]: '' }));
signed('encodeURIComponent', 'body-form', encodeURIComponent(rich), rich);
signed('names that are numbers', 'json-stringify', JSON.stringify(JSON.parse('{"data":{"b":1,"2":2,"1":3},"event":"x"}')), '{"data":{"b":1,"2":2,"1":3},"event":"x"}');
signed('a name that is there twice', 'json-stringify', JSON.stringify(JSON.parse('{"event":"x","data":{"a":1,"b":2,"a":3}}')), '{"event":"x","data":{"a":1,"b":2,"a":3}}');
signed('numbers beyond what a double has', 'json-stringify', JSON.stringify(JSON.parse('{"event":"x","data":{"id":12345678901234567890,"n":1e21,"z":-0,"s":1.50}}')),
  '{"event":"x","data":{"id":12345678901234567890,"n":1e21,"z":-0,"s":1.50}}');
signed('half of a surrogate pair', 'json-stringify', JSON.stringify(JSON.parse('{"event":"x", "data":{"s":"\\ud83d \\u00e9"}}')), '{"event":"x", "data":{"s":"\\ud83d \\u00e9"}}');
signed('trim()', 'body-newline-removed', pretty.trim(), pretty);

const hard = JSON.parse(given.hard);
signed('hard: JSON.stringify', 'json-stringify', JSON.stringify(hard), given.hard);
signed('hard: JSON.stringify, indented', 'json-indent-4', JSON.stringify(hard, null, 4), given.hard);

const bytes = Buffer.concat([Buffer.from('{"event":"render.failed","data":{"error":"caf'), Buffer.from([0xe9, 0xf0, 0x9f]), Buffer.from('"}}')]);
signed('bytes that are not UTF-8, as a string', 'body-replaced', bytes.toString('utf8'), bytes);
signed('latin1 string', 'body-mojibake', Buffer.from(rich).toString('latin1'), rich);
add('update(body, "latin1")', 'body-latin1', `t=${now},v1=${createHmac('sha256', secret).update(`${now}.${latin}`, 'latin1').digest('hex')}`, latin);
add('update(body, "utf16le")', 'body-utf16', `t=${now},v1=${createHmac('sha256', secret).update(`${now}.`).update(plain, 'utf16le').digest('hex')}`, plain);
const text = new TextDecoder().decode(Buffer.from('\ufeff' + plain));
signed('TextDecoder drops a byte-order mark', 'body-bom-removed', text, '\ufeff' + plain);

signed('a variable that is not set, in a template', 'key-literal', plain, plain, {}, `${process.env.PICTAP_NO_SUCH_VARIABLE}`);
signed('Buffer.from(secret, "hex")', 'key-empty', plain, plain, {}, Buffer.from(secret, 'hex'));
signed('Buffer.from(secret, "base64") with the prefix', 'key-base64', plain, plain, {}, Buffer.from(secret, 'base64'));
signed('JSON.stringify(secret)', 'key-quotes', plain, plain, {}, JSON.stringify(secret));
add('Date.now()', 'message-unit', `t=${now},v1=${hmac(`${now * 1000 + 5}.${plain}`).digest('hex')}`, plain);
add('Date.now() in t too', 'time-unit', `t=${now * 1000},v1=${hmac(`${now * 1000}.${plain}`).digest('hex')}`, plain);
add('Date.now() / 1000', 'time-unit', `t=${now * 1000 + 123},v1=${hmac(`${now * 1000 + 123}.${plain}`).digest('hex')}`, plain);
add('a Date in a template', 'message-time-form', `t=${now},v1=${hmac(`${new Date(now * 1000).toISOString()}.${plain}`).digest('hex')}`, plain);
add('toISOString() in t too', 'time-form', `t=${new Date(now * 1000).toISOString()},v1=${hmac(`${new Date(now * 1000).toISOString()}.${plain}`).digest('hex')}`, plain);
add('t undefined', 'header-undefined', `t=${undefined},v1=${hmac(`${undefined}.${plain}`).digest('hex')}`, plain);
add('digest()', 'encoding-base64', `t=${now},v1=${hmac(`${now}.${plain}`).digest('base64')}`, plain);
let t = now;
while (!/[-_]/.test(hmac(`${t}.${rich}`).digest('base64url'))) t++;
add('digest("base64url")', 'encoding-base64url', `t=${t},v1=${hmac(`${t}.${rich}`).digest('base64url')}`, rich);
add('digest() in a template', 'encoding-binary', `t=${now},v1=${hmac(`${now}.${plain}`).digest('latin1')}`, plain);
add('createHash instead of createHmac', 'digest-plain', `t=${now},v1=${createHash('sha256').update(secret).update(`${now}.${plain}`).digest('hex')}`, plain);
add('sha512', 'digest-algorithm', `t=${now},v1=${hmac(`${now}.${plain}`, secret, 'sha512').digest('hex')}`, plain);
add('JSON.stringify, and no time', 'message-no-time json-stringify', `t=${now},v1=${hmac(JSON.stringify(JSON.parse(pretty))).digest('hex')}`, pretty);
add('fetch with two headers', 'header-several header-blanks', new Headers([['x', `t=${now},v1=${hmac(`${now}.${plain}`).digest('hex')}`], ['x', `t=${now},v1=${hmac(`${now}.${plain}`).digest('hex')}`]]).get('x'), plain);

const right = `t=${now},v1=${hmac(`${now}.${rich}`).digest('hex')}`;
add('handler: express.json and JSON.stringify', 'json-stringify', right, rich, { expected: hmac(`${now}.${JSON.stringify(parsed)}`).digest('hex'), handler: true });
add('handler: [object Object]', 'body-literal', right, rich, { expected: hmac(`${now}.${parsed}`).digest('hex'), handler: true });
add('handler: body already read', 'body-empty', right, rich, { expected: hmac(`${now}.`).digest('hex'), handler: true });
add('handler: saw a string of a string', 'body-string', right, rich, { handled_base64: Buffer.from(JSON.stringify(rich)).toString('base64'), handler: true });

function sortedNames(_, value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

process.stdout.write(JSON.stringify(cases, null, 1) + '\n');
