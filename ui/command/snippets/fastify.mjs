// Pictify's webhooks for Fastify 4 or 5, as a plugin.
//
//   import pictify from './pictify.mjs';
//   fastify.register(pictify);

import { createHmac, timingSafeEqual } from 'node:crypto';

const secret = process.env.PICTIFY_WEBHOOK_SECRET;
if (!secret) throw new Error('PICTIFY_WEBHOOK_SECRET is not set');

// Ids of deliveries that were taken, because Pictify may send one twice. In production this is a
// table with a unique key: it outlives a restart, and all processes share it.
const seen = new Set();

export default async function pictify(fastify) {
  // The raw bytes are signed, so nothing is parsed. That holds in this plugin only: other routes keep their parsers.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body));

  fastify.post('/webhooks/pictify', { bodyLimit: 10 * 1024 * 1024 }, async (request, reply) => {
    const body = request.body ?? Buffer.alloc(0);
    if (!verify(request.headers['x-pictify-signature'], body)) return reply.code(401).send('invalid signature');

    const event = parse(body);
    if (!event) return reply.code(400).send('not an event');

    const id = request.headers['x-pictify-delivery-id'];
    const again = id && seen.has(id);
    if (id) seen.add(id);

    // Answer first, then work: after 30 s Pictify gives up and sends it again. What is not done when
    // the process ends is lost, so in production put the event into a queue or a table, then answer.
    reply.code(200).send('ok');
    if (!again) handle(event).catch((err) => request.log.error(err));
    return reply;
  });
}

// The signature is over "t.", then the bytes of the body as they came.
function verify(header, body, now = Math.floor(Date.now() / 1000)) {
  const parts = (header ?? '').split(',').map((part) => part.match(/^([!-<>-~]+)=([!-<>-~]*)$/));
  if (parts.includes(null)) return false;
  const values = (name) => parts.filter((part) => part[1] === name).map((part) => part[2]);
  const t = values('t'), v1 = values('v1'); // more than one v1 while a secret is replaced
  if (t.length !== 1 || !/^[1-9][0-9]{0,14}$/.test(t[0]) || Math.abs(now - t[0]) > 300) return false;
  if (v1.length > 8 || !v1.every((mac) => /^[0-9a-f]{64}$/i.test(mac))) return false;
  const want = createHmac('sha256', secret).update(`${t[0]}.`).update(body).digest();
  return v1.some((mac) => timingSafeEqual(Buffer.from(mac, 'hex'), want));
}

function parse(body) {
  try {
    const event = JSON.parse(body.toString());
    return typeof event?.event === 'string' ? event : null;
  } catch {
    return null;
  }
}

async function handle({ event, data }) {
  switch (event) {
    case 'render.completed':
      console.log(event, data.imageId, data.url);
      break;
    case 'render.failed':
      console.log(event, data.errorCode, data.error);
      break;
    case 'batch.completed':
      console.log(event, data.batchId, data.status);
      break;
    default: // binding.updated, binding.failed, and what Pictify may add: it has its 200
  }
}
