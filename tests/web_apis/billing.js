// A billing service with Express and Zod: a key in a header, refusals of Zod, pages by cursor.
const express = require('express');
const crypto = require('crypto');
const { z } = require('zod');
const { extendZodWithOpenApi, OpenAPIRegistry, OpenApiGeneratorV3 } = require('@asteasolutions/zod-to-openapi');
extendZodWithOpenApi(z);

const app = express();
app.use(express.json());
const registry = new OpenAPIRegistry();
const KEY = process.env.API_KEY;
registry.registerComponent('securitySchemes', 'ApiKey', { type: 'apiKey', in: 'header', name: 'X-Api-Key' });

const rand = (p) => `${p}_${crypto.randomBytes(8).toString('hex')}`;
const db = { cus: new Map(), prod: new Map(), price: new Map(), sub: new Map(), inv: new Map(), cpn: new Map(), whk: new Map(), pm: new Map() };

const ErrorBody = registry.register('Error', z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string(), code: z.string() })).optional() }),
}));

class ApiError extends Error { constructor(status, code, message) { super(message); this.status = status; this.code = code; } }
const need = (map, id, what) => { const x = map.get(id); if (!x) throw new ApiError(404, `${what}_not_found`, `No such ${what}: ${id}`); return x; };

const Customer = registry.register('Customer', z.object({
  id: z.string().openapi({ example: 'cus_4f9a' }), object: z.literal('customer'), email: z.string().email(), name: z.string(),
  metadata: z.record(z.string()), default_payment_method: z.string().nullable(), created: z.number().int(),
}));
const CustomerCreate = z.object({
  email: z.string().email(), name: z.string().min(1).max(100),
  metadata: z.record(z.string().max(500)).optional(),
});
const CustomerUpdate = CustomerCreate.partial().extend({ default_payment_method: z.string().optional() });
const Product = registry.register('Product', z.object({ id: z.string(), object: z.literal('product'), name: z.string(), active: z.boolean(), sku: z.string() }));
const ProductCreate = z.object({ name: z.string().min(1).max(120), sku: z.string().regex(/^[A-Z0-9-]{3,20}$/), active: z.boolean().default(true) });
const Price = registry.register('Price', z.object({
  id: z.string(), object: z.literal('price'), product: z.string(), currency: z.string(), unit_amount: z.number().int(),
  recurring: z.object({ interval: z.enum(['day', 'week', 'month', 'year']), interval_count: z.number().int() }).nullable(),
}));
const PriceCreate = z.object({
  product: z.string(), currency: z.enum(['usd', 'eur', 'gbp']), unit_amount: z.number().int().min(0).max(99999999),
  recurring: z.object({ interval: z.enum(['day', 'week', 'month', 'year']), interval_count: z.number().int().min(1).max(365).default(1) }).optional(),
});
const Coupon = registry.register('Coupon', z.object({ id: z.string(), object: z.literal('coupon'), percent_off: z.number().nullable(), amount_off: z.number().nullable(), code: z.string() }));
const CouponCreate = z.object({ code: z.string().min(3).max(30), percent_off: z.number().min(1).max(100).optional(), amount_off: z.number().int().min(1).optional() })
  .refine((c) => (c.percent_off === undefined) !== (c.amount_off === undefined), { message: 'exactly one of percent_off and amount_off is required', path: ['percent_off'] });
const Subscription = registry.register('Subscription', z.object({
  id: z.string(), object: z.literal('subscription'), customer: z.string(), status: z.enum(['active', 'paused', 'canceled']),
  items: z.array(z.object({ price: z.string(), quantity: z.number().int() })), coupon: z.string().nullable(),
}));
const SubscriptionCreate = z.object({
  customer: z.string(), items: z.array(z.object({ price: z.string(), quantity: z.number().int().min(1).max(1000) })).min(1).max(20), coupon: z.string().optional(),
});
const PaymentMethod = registry.register('PaymentMethod', z.object({ id: z.string(), object: z.literal('payment_method'), type: z.enum(['card', 'iban']), customer: z.string(), last4: z.string() }));
const PaymentMethodCreate = z.object({ type: z.enum(['card', 'iban']), number: z.string().regex(/^\d{12,19}$/) });
const Invoice = registry.register('Invoice', z.object({
  id: z.string(), object: z.literal('invoice'), customer: z.string(), status: z.enum(['draft', 'open', 'paid', 'void']),
  lines: z.array(z.object({ description: z.string(), amount: z.number().int() })), total: z.number().int(),
}));
const InvoiceCreate = z.object({ customer: z.string(), lines: z.array(z.object({ description: z.string().min(1).max(200), amount: z.number().int() })).max(100).default([]) });
const Webhook = registry.register('WebhookEndpoint', z.object({ id: z.string(), object: z.literal('webhook_endpoint'), url: z.string().url(), events: z.array(z.string()) }));
const WebhookCreate = z.object({ url: z.string().url(), events: z.array(z.enum(['invoice.paid', 'customer.created', 'subscription.canceled'])).min(1) });
const Deleted = registry.register('Deleted', z.object({ id: z.string(), deleted: z.literal(true) }));

const ListQuery = z.object({ limit: z.coerce.number().int().min(1).max(100).default(10), starting_after: z.string().optional() });
const listOf = (item) => z.object({ data: z.array(item), has_more: z.boolean() });
const page = (all, q) => {
  let rows = all;
  if (q.starting_after) {
    const at = rows.findIndex((r) => r.id === q.starting_after);
    if (at < 0) throw new ApiError(400, 'invalid_cursor', `starting_after: no such object ${q.starting_after}`);
    rows = rows.slice(at + 1);
  }
  return { data: rows.slice(0, q.limit), has_more: rows.length > q.limit };
};

const auth = (req, _res, next) => (req.get('x-api-key') === KEY ? next() : next(new ApiError(401, 'unauthorized', 'Missing or invalid API key')));
function route(method, path, o, handler) {
  const request = {};
  const params = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
  if (params.length) request.params = z.object(Object.fromEntries(params.map((p) => [p, z.string()])));
  if (o.query) request.query = o.query;
  if (o.body) request.body = { required: true, content: { 'application/json': { schema: o.body } } };
  const err = (d) => ({ description: d, content: { 'application/json': { schema: ErrorBody } } });
  const responses = { [o.status || 200]: { description: 'OK', content: { 'application/json': { schema: o.out } } }, 401: err('Unauthorized') };
  if (o.body || o.query) responses[400] = err('Validation error');
  if (params.length) responses[404] = err('Not found');
  if (o.conflict) responses[409] = err('Conflict');
  registry.registerPath({ method, path, summary: o.summary, security: [{ ApiKey: [] }], request, responses });
  app[method](path.replace(/\{(\w+)\}/g, ':$1'), auth, (req, res, next) => {
    try {
      const input = { params: req.params, query: o.query ? o.query.parse(req.query) : {}, body: o.body ? o.body.parse(req.body) : {} };
      res.status(o.status || 200).json(handler(input));
    } catch (e) { next(e); }
  });
}

route('post', '/v1/customers', { body: CustomerCreate, out: Customer, status: 201, conflict: true }, ({ body }) => {
  if ([...db.cus.values()].some((c) => c.email === body.email)) throw new ApiError(409, 'email_taken', 'A customer with this email already exists');
  const c = { id: rand('cus'), object: 'customer', metadata: {}, default_payment_method: null, created: Math.floor(Date.now() / 1000), ...body };
  db.cus.set(c.id, c); return c;
});
route('get', '/v1/customers', { query: ListQuery.extend({ email: z.string().optional() }), out: listOf(Customer) }, ({ query }) => page([...db.cus.values()].filter((c) => !query.email || c.email === query.email), query));
route('get', '/v1/customers/{customer}', { out: Customer }, ({ params }) => need(db.cus, params.customer, 'customer'));
route('patch', '/v1/customers/{customer}', { body: CustomerUpdate, out: Customer, conflict: true }, ({ params, body }) => {
  const c = need(db.cus, params.customer, 'customer');
  if (body.email && [...db.cus.values()].some((x) => x !== c && x.email === body.email)) throw new ApiError(409, 'email_taken', 'A customer with this email already exists');
  if (body.default_payment_method) { const pm = db.pm.get(body.default_payment_method); if (!pm || pm.customer !== c.id) throw new ApiError(400, 'invalid_payment_method', `No such payment_method: ${body.default_payment_method}`); }
  return Object.assign(c, body);
});
route('delete', '/v1/customers/{customer}', { out: Deleted }, ({ params }) => { need(db.cus, params.customer, 'customer'); db.cus.delete(params.customer); return { id: params.customer, deleted: true }; });
route('post', '/v1/customers/{customer}/payment_methods', { body: PaymentMethodCreate, out: PaymentMethod, status: 201 }, ({ params, body }) => {
  need(db.cus, params.customer, 'customer');
  const pm = { id: rand('pm'), object: 'payment_method', type: body.type, customer: params.customer, last4: body.number.slice(-4) };
  db.pm.set(pm.id, pm); return pm;
});
route('get', '/v1/customers/{customer}/payment_methods', { out: listOf(PaymentMethod) }, ({ params }) => { need(db.cus, params.customer, 'customer'); return { data: [...db.pm.values()].filter((p) => p.customer === params.customer), has_more: false }; });
route('delete', '/v1/payment_methods/{id}', { out: Deleted }, ({ params }) => { need(db.pm, params.id, 'payment_method'); db.pm.delete(params.id); return { id: params.id, deleted: true }; });
route('post', '/v1/products', { body: ProductCreate, out: Product, status: 201, conflict: true }, ({ body }) => {
  if ([...db.prod.values()].some((p) => p.sku === body.sku)) throw new ApiError(409, 'sku_taken', 'SKU already exists');
  const p = { id: rand('prod'), object: 'product', ...body }; db.prod.set(p.id, p); return p;
});
route('get', '/v1/products', { query: ListQuery.extend({ active: z.enum(['true', 'false']).optional() }), out: listOf(Product) }, ({ query }) => page([...db.prod.values()].filter((p) => query.active === undefined || String(p.active) === query.active), query));
route('get', '/v1/products/{id}', { out: Product }, ({ params }) => need(db.prod, params.id, 'product'));
route('put', '/v1/products/{id}', { body: ProductCreate, out: Product, conflict: true }, ({ params, body }) => {
  const p = need(db.prod, params.id, 'product');
  if ([...db.prod.values()].some((x) => x !== p && x.sku === body.sku)) throw new ApiError(409, 'sku_taken', 'SKU already exists');
  return Object.assign(p, body);
});
route('delete', '/v1/products/{id}', { out: Deleted }, ({ params }) => { need(db.prod, params.id, 'product'); db.prod.delete(params.id); return { id: params.id, deleted: true }; });
route('post', '/v1/prices', { body: PriceCreate, out: Price, status: 201 }, ({ body }) => {
  if (!db.prod.has(body.product)) throw new ApiError(400, 'resource_missing', `No such product: ${body.product}`);
  const p = { id: rand('price'), object: 'price', recurring: null, ...body }; db.price.set(p.id, p); return p;
});
route('get', '/v1/prices', { query: ListQuery.extend({ product: z.string().optional() }), out: listOf(Price) }, ({ query }) => page([...db.price.values()].filter((p) => !query.product || p.product === query.product), query));
route('get', '/v1/prices/{id}', { out: Price }, ({ params }) => need(db.price, params.id, 'price'));
route('post', '/v1/coupons', { body: CouponCreate, out: Coupon, status: 201, conflict: true }, ({ body }) => {
  if ([...db.cpn.values()].some((c) => c.code === body.code)) throw new ApiError(409, 'code_taken', 'Coupon code already in use');
  const c = { id: rand('cpn'), object: 'coupon', percent_off: null, amount_off: null, ...body }; db.cpn.set(c.id, c); return c;
});
route('get', '/v1/coupons/{id}', { out: Coupon }, ({ params }) => need(db.cpn, params.id, 'coupon'));
route('delete', '/v1/coupons/{id}', { out: Deleted }, ({ params }) => { need(db.cpn, params.id, 'coupon'); db.cpn.delete(params.id); return { id: params.id, deleted: true }; });
route('post', '/v1/subscriptions', { body: SubscriptionCreate, out: Subscription, status: 201 }, ({ body }) => {
  if (!db.cus.has(body.customer)) throw new ApiError(400, 'resource_missing', `No such customer: ${body.customer}`);
  for (const i of body.items) { const p = db.price.get(i.price); if (!p) throw new ApiError(400, 'resource_missing', `No such price: ${i.price}`); if (!p.recurring) throw new ApiError(400, 'price_not_recurring', `The price ${i.price} is not recurring`); }
  if (body.coupon && !db.cpn.has(body.coupon)) throw new ApiError(400, 'resource_missing', `No such coupon: ${body.coupon}`);
  const s = { id: rand('sub'), object: 'subscription', status: 'active', coupon: null, ...body }; db.sub.set(s.id, s); return s;
});
route('get', '/v1/subscriptions/{id}', { out: Subscription }, ({ params }) => need(db.sub, params.id, 'subscription'));
route('post', '/v1/subscriptions/{id}/pause', { out: Subscription, conflict: true }, ({ params }) => { const s = need(db.sub, params.id, 'subscription'); if (s.status !== 'active') throw new ApiError(409, 'invalid_state', `Cannot pause a ${s.status} subscription`); s.status = 'paused'; return s; });
route('post', '/v1/subscriptions/{id}/resume', { out: Subscription, conflict: true }, ({ params }) => { const s = need(db.sub, params.id, 'subscription'); if (s.status !== 'paused') throw new ApiError(409, 'invalid_state', `Cannot resume a ${s.status} subscription`); s.status = 'active'; return s; });
route('delete', '/v1/subscriptions/{id}', { out: Subscription }, ({ params }) => { const s = need(db.sub, params.id, 'subscription'); s.status = 'canceled'; return s; });
route('post', '/v1/invoices', { body: InvoiceCreate, out: Invoice, status: 201 }, ({ body }) => {
  if (!db.cus.has(body.customer)) throw new ApiError(400, 'resource_missing', `No such customer: ${body.customer}`);
  const i = { id: rand('in'), object: 'invoice', status: 'draft', ...body, total: body.lines.reduce((a, l) => a + l.amount, 0) }; db.inv.set(i.id, i); return i;
});
route('get', '/v1/invoices/{id}', { out: Invoice }, ({ params }) => need(db.inv, params.id, 'invoice'));
route('post', '/v1/invoices/{id}/finalize', { out: Invoice, conflict: true }, ({ params }) => { const i = need(db.inv, params.id, 'invoice'); if (i.status !== 'draft') throw new ApiError(409, 'invalid_state', 'Only draft invoices can be finalized'); i.status = 'open'; return i; });
route('post', '/v1/invoices/{id}/pay', { out: Invoice, conflict: true }, ({ params }) => { const i = need(db.inv, params.id, 'invoice'); if (i.status !== 'open') throw new ApiError(409, 'invalid_state', 'Only open invoices can be paid, finalize it first'); i.status = 'paid'; return i; });
route('post', '/v1/webhook_endpoints', { body: WebhookCreate, out: Webhook, status: 201 }, ({ body }) => { const w = { id: rand('we'), object: 'webhook_endpoint', ...body }; db.whk.set(w.id, w); return w; });
route('delete', '/v1/webhook_endpoints/{id}', { out: Deleted }, ({ params }) => { need(db.whk, params.id, 'webhook_endpoint'); db.whk.delete(params.id); return { id: params.id, deleted: true }; });

const doc = new OpenApiGeneratorV3(registry.definitions).generateDocument({ openapi: '3.0.3', info: { title: 'Billing', version: '2024-01' } });
app.get('/openapi.json', (_req, res) => res.json(doc));
app.use((_req, _res, next) => next(new ApiError(404, 'not_found', 'Unknown route')));
app.use((err, _req, res, _next) => {
  if (err instanceof z.ZodError) return res.status(400).json({ error: { code: 'validation_error', message: 'Invalid request', details: err.issues.map((i) => ({ path: i.path, message: i.message, code: i.code })) } });
  if (err instanceof ApiError) return res.status(err.status).json({ error: { code: err.code, message: err.message } });
  if (err.type === 'entity.parse.failed') return res.status(400).json({ error: { code: 'invalid_json', message: 'Malformed JSON' } });
  if (err.status && err.status < 500) return res.status(err.status).json({ error: { code: 'bad_request', message: err.message } });
  console.error(err); res.status(500).json({ error: { code: 'internal', message: 'Internal error' } });
});
app.listen(Number(process.env.PORT), '127.0.0.1');
