// As much of Express 5 as the snippet uses: a router, express.raw (body-parser 2), get, status, send.
// Source: expressjs.com/en/5x/api.html, body-parser's README.

const standard = { type: 'application/octet-stream', limit: 100 * 1024 };

export default {
  Router() {
    const routes = [];
    return { routes, post: (path, ...steps) => routes.push({ path, steps }) };
  },

  raw(options = {}) {
    const { type, limit } = { ...standard, ...options };
    return (req, res, next) => {
      const matches = typeof type === 'function' ? type(req) : req.get('Content-Type')?.split(';')[0] === type;
      if (req.bytes.length === 0 && !req.get('Content-Length') || !matches) return next(); // req.body stays undefined
      if (req.bytes.length > bytes(limit)) return res.status(413).send('PayloadTooLargeError');
      req.body = req.bytes;
      next();
    };
  },
};

const bytes = (limit) => (typeof limit === 'number' ? limit : parseFloat(limit) * { kb: 1 << 10, mb: 1 << 20 }[limit.slice(-2)]);
