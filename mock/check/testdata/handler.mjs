// Handlers as they are written in Node, each at a path of its own: /correct, and the others
// with one mistake each. GET /<name>/count is how many deliveries it has acted on. Prints
// its address and ends with stdin.

import crypto from 'node:crypto';
import http from 'node:http';

const secret = process.env.PICTIFY_WEBHOOK_SECRET;
const known = new Set(['render.completed', 'render.failed', 'batch.completed', 'batch.failed', 'binding.updated', 'binding.failed']);
const apps = new Map();

function app(name) {
  if (!apps.has(name)) apps.set(name, { seen: new Set(), count: 0 });
  return apps.get(name);
}

function verify(name, header, body) {
  if (name === 'throws-on-missing') header.split(',');
  const found = { v1: [] };
  for (const part of (header ?? '').split(',')) {
    const [key, value] = part.split('=');
    if (key === 't') found.t = value;
    if (key === 'v1') found.v1.push(value);
  }
  const digits = name === 'no-age' ? /./ : /^[0-9]+$/;
  if (!digits.test(found.t ?? '')) return false;
  const age = Math.floor(Date.now() / 1000) - parseInt(found.t, 10);
  if (name !== 'no-age' && Math.abs(age) > 300) return false;
  const signed = name === 'stringifies' ? JSON.stringify(JSON.parse(body)) : body;
  const want = crypto.createHmac('sha256', secret).update(`${found.t}.`).update(signed).digest();
  return found.v1.some((v1) => {
    const got = Buffer.from(v1 ?? '', 'hex');
    if (name === 'throws-on-length') return crypto.timingSafeEqual(Buffer.from(v1), Buffer.from(want.toString('hex')));
    return got.length === want.length && v1.length === 64 && crypto.timingSafeEqual(got, want);
  });
}

function act(name, req, body) {
  let event;
  if (name === 'throws-on-json') {
    event = JSON.parse(body);
  } else {
    try {
      event = JSON.parse(body);
    } catch {
      return [400, 'Bad JSON'];
    }
  }
  if (!event || typeof event.event !== 'string') return [400, 'Not an event'];
  if (!known.has(event.event)) return [200, 'Ignored'];
  const { seen } = app(name);
  const id = name === 'data-id' ? event.data.deliveryId : req.headers['x-pictify-delivery-id'];
  if (seen.has(id) && name !== 'no-dedup') return [200, 'Already processed'];
  seen.add(id);
  app(name).count++;
  return [200, 'OK'];
}

async function serve(req) {
  const [, name, rest] = req.url.split('/');
  if (req.method === 'GET' && rest === 'count') return [200, String(app(name).count)];
  if (req.method !== 'POST') return [405, 'POST only'];
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size <= 10 << 20) chunks.push(chunk);
  }
  if (size > (name === 'small-limit' ? 100 << 10 : 10 << 20)) return [413, 'Payload Too Large'];
  const body = Buffer.concat(chunks);
  if (name === 'stringifies') {
    try {
      JSON.parse(body);
    } catch {
      return [400, 'Bad JSON'];
    }
  }
  if (!verify(name, req.headers['x-pictify-signature'], body)) return [401, 'Invalid signature'];
  return act(name, req, body);
}

const server = http.createServer(async (req, res) => {
  let answer;
  try {
    answer = await serve(req);
  } catch (e) {
    answer = [500, String(e)];
  }
  res.writeHead(answer[0], { 'Content-Type': 'text/plain' });
  res.end(answer[1]);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
