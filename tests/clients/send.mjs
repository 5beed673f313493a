/*
 * Sends traces, logs or metrics as a Node program does, with OpenTelemetry's own exporters, the newest
 * ones that Node 20 takes or those of two years before (0.57, which do not try again when a connection is closed):
 *
 *	node send.mjs --endpoint URL --protocol proto|json|grpc [--signal traces|logs|metrics] [--count N]
 *		[--gzip] [--sdk newest|0.57] [--header NAME=VALUE] [--fails]
 *
 * URL is the agent's, without the path. Items are named "span 0" or "log 0" and on, metrics "metric 0" and on;
 * the resource is service.name=shop. It ends with 0 when the exporter said that every batch was
 * delivered; with --fails, when it said that none was.
 */
import {createRequire} from 'node:module';
import {parseArgs} from 'node:util';

const require = createRequire(import.meta.url);
const {values: options} = parseArgs({options: {
	endpoint: {type: 'string'},
	protocol: {type: 'string', default: 'proto'},
	signal: {type: 'string', default: 'traces'},
	count: {type: 'string', default: '10000'},
	spans: {type: 'string'},
	gzip: {type: 'boolean', default: false},
	sdk: {type: 'string', default: 'newest'},
	header: {type: 'string'},
	fails: {type: 'boolean', default: false},
}});
const kinds = {proto: 'proto', json: 'http', grpc: 'grpc'};
const signals = {traces: 'Trace', logs: 'Log', metrics: 'Metric'};
if (!options.endpoint || !kinds[options.protocol] || !signals[options.signal]) {
	console.error('usage: node send.mjs --endpoint URL --protocol proto|json|grpc [--signal traces|logs|metrics]'
		+ ' [--count N] [--gzip] [--sdk newest|0.57] [--fails]');
	process.exit(2);
}

if (options.header)
	process.env.OTEL_EXPORTER_OTLP_HEADERS = options.header;

const old = options.sdk === '0.57';
const count = Number(options.spans ?? options.count);
const {diag, DiagConsoleLogger, DiagLogLevel} = require('@opentelemetry/api');
const resources = require(old ? 'resources-1.30' : '@opentelemetry/resources');
diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);

const attributes = {'service.name': 'shop'};
const resource = old ? new resources.Resource(attributes) : resources.resourceFromAttributes(attributes);
const package_ = `exporter-${options.signal === 'traces' ? 'trace' : options.signal}-otlp-${kinds[options.protocol]}`;
const Exporter = require(old ? `${package_}-0.57` : `@opentelemetry/${package_}`)[`OTLP${signals[options.signal]}Exporter`];
const base = options.endpoint.replace(/\/$/, '');
let taken = 0;
let refused = 0;

function makeExporter() {
	const exporter = new Exporter({
		url: options.protocol === 'grpc' ? base : `${base}/v1/${options.signal}`,
		compression: options.gzip ? 'gzip' : 'none',
	});
	const send = exporter.export.bind(exporter);
	exporter.export = (items, done) => send(items, (result) => {
		if (result.code === 0)
			taken++;
		else {
			refused++;
			console.error('a batch was not taken:', result.error);
		}
		done(result);
	});
	return exporter;
}

const run = {
	async traces() {
		const sdk = require(old ? 'sdk-trace-base-1.30' : '@opentelemetry/sdk-trace');
		const settings = {maxQueueSize: 1000000};
		const processor = old ? new sdk.BatchSpanProcessor(makeExporter(), settings)
			: new sdk.BatchSpanProcessor({exporter: makeExporter(), ...settings});
		const Provider = old ? sdk.BasicTracerProvider : sdk.TracerProvider;
		const provider = new Provider({resource, spanProcessors: [processor]});
		const tracer = provider.getTracer('clients', '1');
		for (let i = 0; i < count; i++) {
			const span = tracer.startSpan(`span ${i}`, {kind: 2, attributes: {
				'http.request.method': 'GET', 'number': i, 'ratio': 1.5, 'ok': true, 'tags': ['a', 'ü'],
			}});
			span.addEvent('cache miss', {key: `k${i % 7}`});
			span.end();
		}
		await provider.forceFlush();
		await provider.shutdown();
	},
	async logs() {
		const sdk = require(old ? 'sdk-logs-0.57' : '@opentelemetry/sdk-logs');
		const settings = {maxQueueSize: 1000000};
		const processor = old ? new sdk.BatchLogRecordProcessor(makeExporter(), settings)
			: new sdk.BatchLogRecordProcessor({exporter: makeExporter(), ...settings});
		const provider = old ? new sdk.LoggerProvider({resource}) : new sdk.LoggerProvider({resource, processors: [processor]});
		if (old)
			provider.addLogRecordProcessor(processor);
		const logger = provider.getLogger('clients', '1');
		for (let i = 0; i < count; i++)
			logger.emit({body: `log ${i}`, severityNumber: 9, severityText: 'INFO', attributes: {number: i, tags: ['a', 'ü']}});
		await provider.forceFlush();
		await provider.shutdown();
	},
	async metrics() {
		const sdk = require(old ? 'sdk-metrics-1.30' : '@opentelemetry/sdk-metrics');
		const reader = new sdk.PeriodicExportingMetricReader({exporter: makeExporter(), exportIntervalMillis: 60000});
		const provider = new sdk.MeterProvider({resource, readers: [reader]});
		const meter = provider.getMeter('clients', '1');
		for (let i = 0; i < count; i++) {
			meter.createCounter(`metric ${i}`.replace(' ', '_')).add(i, {path: '/'});
		}
		meter.createHistogram('duration').record(12.5);
		await provider.shutdown(); // sends what there is, once
	},
};

try {
	await run[options.signal]();
} catch (e) {
	if (!options.fails)
		throw e;
	refused++;
}
process.exit(options.fails ? (taken ? 1 : 0) : (refused || !taken ? 1 : 0));
