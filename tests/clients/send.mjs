/*
 * Sends spans as a Node program does, with OpenTelemetry's own exporter, the newest one or that of a
 * year before (0.57, which does not try again when its connection is closed):
 *
 *	node send.mjs --endpoint URL --protocol proto|json --spans N [--gzip] [--sdk newest|0.57]
 *
 * URL is the agent's, without the path. Span names are "span 0", "span 1", ...; the resource is
 * service.name=shop. It ends with 0 when the exporter said that every batch was delivered.
 */
import {createRequire} from 'node:module';
import {parseArgs} from 'node:util';

const require = createRequire(import.meta.url);
const {values: options} = parseArgs({options: {
	endpoint: {type: 'string'},
	protocol: {type: 'string', default: 'proto'},
	spans: {type: 'string', default: '10000'},
	gzip: {type: 'boolean', default: false},
	sdk: {type: 'string', default: 'newest'},
}});
if (!options.endpoint || !['proto', 'json'].includes(options.protocol)) {
	console.error('usage: node send.mjs --endpoint URL --protocol proto|json --spans N [--gzip] [--sdk newest|0.57]');
	process.exit(2);
}

const old = options.sdk === '0.57';
const kind = options.protocol === 'json' ? 'http' : 'proto';
const {diag, DiagConsoleLogger, DiagLogLevel} = require('@opentelemetry/api');
const {OTLPTraceExporter} = require(old ? `exporter-trace-otlp-${kind}-0.57` : `@opentelemetry/exporter-trace-otlp-${kind}`);
const sdk = require(old ? 'sdk-trace-base-1.30' : '@opentelemetry/sdk-trace');
const resources = require(old ? 'resources-1.30' : '@opentelemetry/resources');

diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);

let refused = 0;
const exporter = new OTLPTraceExporter({
	url: `${options.endpoint.replace(/\/$/, '')}/v1/traces`,
	compression: options.gzip ? 'gzip' : 'none',
});
const exportSpans = exporter.export.bind(exporter);
exporter.export = (spans, done) => exportSpans(spans, (result) => {
	if (result.code !== 0) {
		refused += spans.length;
		console.error(`${spans.length} spans were not taken:`, result.error);
	}
	done(result);
});

const settings = {maxQueueSize: 1000000};
const processor = old ? new sdk.BatchSpanProcessor(exporter, settings)
	: new sdk.BatchSpanProcessor({exporter, ...settings});
const attributes = {'service.name': 'shop'};
const Provider = old ? sdk.BasicTracerProvider : sdk.TracerProvider;
const provider = new Provider({
	resource: old ? new resources.Resource(attributes) : resources.resourceFromAttributes(attributes),
	spanProcessors: [processor],
});
const tracer = provider.getTracer('clients', '1');

for (let i = 0; i < Number(options.spans); i++) {
	const span = tracer.startSpan(`span ${i}`, {kind: 2, attributes: {
		'http.request.method': 'GET', 'number': i, 'ratio': 1.5, 'ok': true, 'tags': ['a', 'ü'],
	}});
	span.addEvent('cache miss', {key: `k${i % 7}`});
	span.end();
}
await provider.forceFlush();
await provider.shutdown();
process.exit(refused ? 1 : 0);
