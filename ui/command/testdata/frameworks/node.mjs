// Drives the snippets of Express, Fastify and Next.js, see README.md: node node.mjs FRAMEWORK FILE

import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [framework, file] = process.argv.slice(2);
const said = [];
let answered = null;
const print = process.stdout.write.bind(process.stdout);
console.log = (...words) => said.push((answered === null ? '<' : '>') + Buffer.from(words.join(' ')).toString('base64'));

const snippet = await import(pathToFileURL(file));

const apps = {
  express: async () => {
    const [route] = snippet.pictify.routes;
    if (route.path !== '/') throw new Error(`the route is ${route.path}`);
    return (request) => new Promise((resolve) => {
      const req = { bytes: request.body, get: (name) => request.headers[name.toLowerCase()] };
      const res = { status: (code) => Object.assign(res, { code }), send: () => resolve(answered = res.code) };
      const step = async (i) => route.steps[i](req, res, () => run(i + 1));
      const run = (i) => step(i).catch((err) => (console.error(err), resolve(500))); // Express 5 answers for what is thrown
      run(0);
    });
  },

  // Fastify 5: parsers are looked up by content type, "*" is for the rest, an unknown one is 415, and
  // JSON is parsed unless that parser was removed. Source: fastify.dev/docs/latest/Reference/ContentTypeParser.
  fastify: async () => {
    const parsers = new Map([
      ['application/json', { parse: (body, done) => (body.length ? done(null, JSON.parse(body)) : done(new Error('empty'))) }],
      ['text/plain', { parse: (body, done) => done(null, body.toString()) }],
    ]);
    let route;
    await snippet.default({
      removeAllContentTypeParsers: () => parsers.clear(),
      addContentTypeParser: (type, { parseAs }, parse) => parsers.set(type, {
        parse: (body, done) => parse({}, parseAs === 'buffer' ? body : body.toString(), done),
      }),
      post: (path, options, handler) => { route = { path, bodyLimit: 1 << 20, ...options, handler }; },
    });
    if (route.path !== '/webhooks/pictify') throw new Error(`the route is ${route.path}`);
    return (message) => new Promise((resolve) => {
      const reply = { code: (status) => Object.assign(reply, { status }), send: () => (resolve(answered = reply.status), reply) };
      const request = { headers: message.headers, log: { error: console.error } };
      const type = message.headers['content-type']?.split(';')[0] ?? '';
      const parser = parsers.get(type) ?? parsers.get('*');
      if (message.body.length > route.bodyLimit) return resolve(413);
      if (!parser) return resolve(415);
      const run = () => route.handler(request, reply).catch((err) => (console.error(err), resolve(500)));
      if (message.body.length === 0 && type === '') return run(); // request.body stays undefined
      try {
        parser.parse(message.body, (err, body) => (err ? resolve(400) : ((request.body = body), run())));
      } catch {
        resolve(400);
      }
    });
  },

  // Route handlers take the web's Request, which Node has. It refuses and trims some headers, as a
  // server does, but here the snippet shall see what it was sent.
  next: async () => {
    const { later } = await import('next/server');
    return async (message) => {
      const { 'x-pictify-signature': signature, ...headers } = message.headers;
      const request = new Request('http://127.0.0.1/webhooks/pictify', { method: 'POST', headers, body: message.body });
      const { get } = request.headers;
      request.headers.get = (name) => (name.toLowerCase() === 'x-pictify-signature' ? signature ?? null : get.call(request.headers, name));
      const { status } = await snippet.POST(request);
      answered = status;
      for (const task of later.splice(0)) await Promise.resolve().then(task).catch(console.error);
      return status;
    };
  },
};

const app = await apps[framework]();
print('ready\n');
const decode = (field) => (field === '-' ? undefined : Buffer.from(field.slice(1), 'base64'));
for await (const line of createInterface({ input: process.stdin })) {
  const [now, signature, id, type, body] = line.split(' ');
  Date.now = () => Number(now) * 1000;
  const headers = { 'content-length': String(decode(body).length) };
  for (const [name, field] of Object.entries({ 'x-pictify-signature': signature, 'x-pictify-delivery-id': id, 'content-type': type })) {
    if (field !== '-') headers[name] = decode(field).toString('latin1'); // as Node's server does
  }
  answered = null;
  const status = await new Promise((resolve) => {
    app({ headers, body: decode(body) }).then((code) => resolve(code), (err) => (console.error(err), resolve(500)));
  });
  await new Promise(setImmediate); // what the handler goes on doing
  print([status, ...said.splice(0)].join(' ') + '\n');
}
