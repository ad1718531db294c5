/* The compiler of C lays structs out as Rust does; see layout.rs. */

#include "test.h"

#ifdef __cplusplus
#define HOLDS(condition) static_assert(condition, #condition)
#else
#define HOLDS(condition) _Static_assert(condition, #condition)
#endif

#if UINTPTR_MAX == UINT64_MAX
HOLDS(sizeof(netpol_str) == 16);
HOLDS(sizeof(netpol_address) == 20);
HOLDS(sizeof(netpol_packet) == 48);
HOLDS(sizeof(netpol_side) == 24);
HOLDS(sizeof(netpol_verdict) == 60);
HOLDS(sizeof(netpol_map_entry) == 20);
HOLDS(sizeof(netpol_settings) == 168);
HOLDS(sizeof(netpol_endpoint) == 128);
HOLDS(sizeof(netpol_label) == 32);
HOLDS(sizeof(netpol_named_port) == 24);
HOLDS(sizeof(netpol_problem) == 96);
HOLDS(sizeof(netpol_applied) == 40);
HOLDS(sizeof(netpol_header) == 32);
HOLDS(sizeof(netpol_http_request) == 72);
HOLDS(sizeof(netpol_callbacks) == 32);
HOLDS(sizeof(netpol_stats) == 64);
HOLDS(sizeof(netpol_bytes) == 16);
HOLDS(sizeof(netpol_frame_verdict) == 68);
#endif
HOLDS(offsetof(netpol_packet, src) == 8 && offsetof(netpol_packet, dst) == 28);
HOLDS(offsetof(netpol_address, bytes) == 4);
HOLDS(offsetof(netpol_side, port) == 16 && offsetof(netpol_side, decision) == 20);
HOLDS(offsetof(netpol_verdict, egress) == 8 && offsetof(netpol_verdict, ingress) == 32);
HOLDS(offsetof(netpol_verdict, summary) == 56);
HOLDS(offsetof(netpol_frame_verdict, ether_type) == 60 && offsetof(netpol_frame_verdict, allowed) == 64);
HOLDS(NETPOL_ABI_VERSION == 1);

int main(void) {
    netpol_engine *engine = world();
    netpol_settings settings;
    /* The library agrees on the size, and fills all of it. */
    CHECK(netpol_settings_default(&settings, sizeof settings, NULL) == NETPOL_OK);
    CHECK(settings.size == sizeof settings && settings.max_map_entries == 16384);
    CHECK(settings.min_identity == 256 && settings.min_ttl == 0);
    netpol_engine_free(engine);
    return 0;
}
