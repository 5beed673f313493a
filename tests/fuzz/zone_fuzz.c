/* A time zone file: times can be looked up in whatever is taken for one. */
#include "agent/base/must.h"
#include "agent/component/loki.process/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int64_t times[] = {
		INT64_C(-9000000000), 0, 1774746000, 1792890000, 4102444800, 9000000000};
	struct arena a;
	struct zone *z;
	int64_t offset;

	arena_init(&a, 0);
	z = zone_parse(&a, (struct str){(const char *)data, n});
	for (size_t i = 0; z && i < sizeof(times) / sizeof(times[0]); i++) {
		offset = zone_offset(z, times[i]);
		must(offset >= -1000 * 3600 && offset <= 1000 * 3600);
		zone_to_utc(z, times[i]);
		zone_find_name(z, STR("CET"), times[i], &offset);
	}
	arena_fini(&a);
	return 0;
}
