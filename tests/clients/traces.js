/*
 * Sends spans as a Node program does, with OpenTelemetry's own exporter:
 *
 *	node traces.js proto|json URL COUNT [PARALLEL]
 *
 * Span names are "span 0", "span 1", ...; the resource is service.name=shop. It ends with 0 when
 * the exporter said that every batch was delivered.
 */
const {TracerProvider, BatchSpanProcessor} = require('@opentelemetry/sdk-trace');
const {resourceFromAttributes} = require('@opentelemetry/resources');
const {diag, DiagConsoleLogger, DiagLogLevel} = require('@opentelemetry/api');

const [form, url, count] = process.argv.slice(2);
const {OTLPTraceExporter} = require(form === 'json' ? '@opentelemetry/exporter-trace-otlp-http'
	: '@opentelemetry/exporter-trace-otlp-proto');

diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);
let refused = 0;
const exporter = new OTLPTraceExporter({url, compression: process.env.COMPRESSION || 'none'});
const exportSpans = exporter.export.bind(exporter);
exporter.export = (spans, done) => exportSpans(spans, (result) => {
	if (result.code !== 0) {
		refused += spans.length;
		console.error(`${spans.length} spans were not taken:`, result.error);
	}
	done(result);
});

const processor = new BatchSpanProcessor({exporter, maxQueueSize: 100000});
const provider = new TracerProvider({
	resource: resourceFromAttributes({'service.name': 'shop'}),
	spanProcessors: [processor],
});
const tracer = provider.getTracer('clients', '1');
for (let i = 0; i < Number(count); i++) {
	const span = tracer.startSpan(`span ${i}`, {kind: 2, attributes: {
		'http.request.method': 'GET', 'number': i, 'ratio': 1.5, 'ok': true, 'tags': ['a', 'ü'],
	}});
	span.addEvent('cache miss', {key: `k${i % 7}`});
	span.end();
}
provider.forceFlush()
	.then(() => provider.shutdown())
	.then(() => process.exit(refused ? 1 : 0), (e) => {
		console.error(e);
		process.exit(1);
	});
