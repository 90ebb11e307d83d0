// Pictify's webhooks for Next.js 15.1 or newer, App Router: the file's folder is the path of the
// route, so app/webhooks/pictify/route.js answers at /webhooks/pictify.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { after } from 'next/server';

const secret = process.env.PICTIFY_WEBHOOK_SECRET;
if (!secret && process.env.NEXT_PHASE !== 'phase-production-build') { // "next build" loads this file too
  throw new Error('PICTIFY_WEBHOOK_SECRET is not set');
}

// Ids of deliveries that were taken, because Pictify may send one twice. In production this is a
// table with a unique key: serverless functions share nothing else.
const seen = new Set();

export async function POST(request) {
  const body = Buffer.from(await request.arrayBuffer()); // not request.json(): the raw bytes are signed
  if (!verify(request.headers.get('X-Pictify-Signature'), body)) {
    return new Response('invalid signature', { status: 401 });
  }

  const event = parse(body);
  if (!event) return new Response('not an event', { status: 400 });

  const id = request.headers.get('X-Pictify-Delivery-Id');
  const again = id && seen.has(id);
  if (id) seen.add(id);

  // Answer first, then work: after 30 s Pictify gives up and sends it again. What is not done when
  // the process ends is lost, so in production put the event into a queue or a table, then answer.
  if (!again) after(() => handle(event));
  return new Response('ok');
}

// The signature is over "t.", then the bytes of the body as they came.
function verify(header, body, now = Math.floor(Date.now() / 1000)) {
  const parts = (header ?? '').split(',').map((part) => part.match(/^([!-<>-~]+)=([!-<>-~]*)$/));
  if (!secret || parts.includes(null)) return false;
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
