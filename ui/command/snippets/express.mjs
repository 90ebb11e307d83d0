// Pictify's webhooks for Express 4.17 or newer.
//
//   import { pictify } from './pictify.mjs';
//   app.use('/webhooks/pictify', pictify);   // in front of app.use(express.json()), which would eat the raw body

import { createHmac, timingSafeEqual } from 'node:crypto';
import express from 'express';

const secret = process.env.PICTIFY_WEBHOOK_SECRET;
if (!secret) throw new Error('PICTIFY_WEBHOOK_SECRET is not set');

// Ids of deliveries that were taken, because Pictify may send one twice. In production this is a
// table with a unique key: it outlives a restart, and all processes share it.
const seen = new Set();

export const pictify = express.Router();

pictify.post('/', express.raw({ type: () => true, limit: '10mb' }), (req, res) => {
  const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0); // no Buffer: there is none, or it was parsed
  if (!verify(req.get('X-Pictify-Signature'), body)) return res.status(401).send('invalid signature');

  const event = parse(body);
  if (!event) return res.status(400).send('not an event');

  const id = req.get('X-Pictify-Delivery-Id');
  const again = id && seen.has(id);
  if (id) seen.add(id);

  // Answer first, then work: after 30 s Pictify gives up and sends it again. What is not done when
  // the process ends is lost, so in production put the event into a queue or a table, then answer.
  res.status(200).send('ok');
  if (!again) handle(event).catch((err) => console.error('pictify:', err));
});

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
