// What DPDK offers only as macros, inline functions or C structures, as plain functions.
//
// Tables are made for exactly the routes that they get; every function that makes one returns
// NULL if there is no memory for it.

#include <string.h>

#include <rte_acl.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_lpm.h>
#include <rte_lpm6.h>
#include <rte_malloc.h>

// The bytes allocated from DPDK's own heap.
size_t shim_heap_bytes(void)
{
	struct rte_malloc_socket_stats stats;

	if (rte_malloc_get_socket_stats(0, &stats) != 0)
		return 0;
	return stats.heap_allocsz_bytes;
}

struct rte_fib *shim_fib_new(const char *name, uint32_t routes, uint32_t groups, int avx512)
{
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.default_nh = 0,
		.max_routes = (int)routes,
		.dir24_8 = { .nh_sz = RTE_FIB_DIR24_8_4B, .num_tbl8 = groups },
	};
	struct rte_fib *fib = rte_fib_create(name, 0, &conf);

	if (fib != NULL && rte_fib_select_lookup(fib, avx512 ?
			RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512 :
			RTE_FIB_LOOKUP_DIR24_8_SCALAR_MACRO) != 0) {
		rte_fib_free(fib);
		return NULL;
	}
	return fib;
}

struct rte_fib6 *shim_fib6_new(const char *name, uint32_t routes, uint32_t groups, int avx512)
{
	struct rte_fib6_conf conf = {
		.type = RTE_FIB6_TRIE,
		.default_nh = 0,
		.max_routes = (int)routes,
		.trie = { .nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = groups },
	};
	struct rte_fib6 *fib = rte_fib6_create(name, 0, &conf);

	if (fib != NULL && rte_fib6_select_lookup(fib, avx512 ?
			RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512 :
			RTE_FIB6_LOOKUP_TRIE_SCALAR) != 0) {
		rte_fib6_free(fib);
		return NULL;
	}
	return fib;
}

struct rte_lpm *shim_lpm_new(const char *name, uint32_t routes, uint32_t groups)
{
	struct rte_lpm_config conf = { .max_rules = routes, .number_tbl8s = groups };

	return rte_lpm_create(name, 0, &conf);
}

struct rte_lpm6 *shim_lpm6_new(const char *name, uint32_t routes, uint32_t groups)
{
	struct rte_lpm6_config conf = { .max_rules = routes, .number_tbl8s = groups };

	return rte_lpm6_create(name, 0, &conf);
}

uint32_t shim_lpm_lookup(const struct rte_lpm *lpm, uint32_t addr)
{
	uint32_t value;

	return rte_lpm_lookup(lpm, addr, &value) == 0 ? value : 0;
}

// Leaves the marks in the values: whoever reads one takes the lower 24 bits.
void shim_lpm_lookup_bulk(const struct rte_lpm *lpm, const uint32_t *addrs, uint32_t *values,
			  uint32_t count)
{
	rte_lpm_lookup_bulk(lpm, addrs, values, count);
}

uint32_t shim_lpm6_lookup(const struct rte_lpm6 *lpm, const uint8_t *addr)
{
	uint32_t value;

	return rte_lpm6_lookup(lpm, addr, &value) == 0 ? value : 0;
}

// A rule over five fields, all numbers in host byte order.
struct shim_rule {
	uint32_t src, src_len, dst, dst_len;
	uint16_t src_ports[2], dst_ports[2];
	uint8_t proto; // 0 for any
};

// A packet as rte_acl reads it, all numbers in network byte order.
struct shim_packet {
	uint32_t proto; // the first byte counts
	uint32_t src, dst;
	uint16_t src_port, dst_port;
};

RTE_ACL_RULE_DEF(shim_acl_rule, 5);

static const struct rte_acl_field_def fields[5] = {
	{ RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, 0, offsetof(struct shim_packet, proto) },
	{ RTE_ACL_FIELD_TYPE_MASK, 4, 1, 1, offsetof(struct shim_packet, src) },
	{ RTE_ACL_FIELD_TYPE_MASK, 4, 2, 2, offsetof(struct shim_packet, dst) },
	{ RTE_ACL_FIELD_TYPE_RANGE, 2, 3, 3, offsetof(struct shim_packet, src_port) },
	{ RTE_ACL_FIELD_TYPE_RANGE, 2, 4, 3, offsetof(struct shim_packet, dst_port) },
};

static int add_rules(struct rte_acl_ctx *acl, const struct shim_rule *rules, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct shim_rule *rule = &rules[i];
		struct shim_acl_rule acl_rule = {
			// Found is the number of the rule from 1 on; the first that matches wins.
			.data = { .category_mask = 1, .priority = (int32_t)(count - i), .userdata = i + 1 },
		};
		struct rte_acl_field *field = acl_rule.field;
		int err;

		field[0].value.u8 = rule->proto;
		field[0].mask_range.u8 = rule->proto != 0 ? 0xff : 0;
		field[1].value.u32 = rule->src;
		field[1].mask_range.u32 = rule->src_len;
		field[2].value.u32 = rule->dst;
		field[2].mask_range.u32 = rule->dst_len;
		field[3].value.u16 = rule->src_ports[0];
		field[3].mask_range.u16 = rule->src_ports[1];
		field[4].value.u16 = rule->dst_ports[0];
		field[4].mask_range.u16 = rule->dst_ports[1];
		err = rte_acl_add_rules(acl, (const struct rte_acl_rule *)&acl_rule, 1);
		if (err != 0)
			return err;
	}
	return 0;
}

struct rte_acl_ctx *shim_acl_new(const char *name, const struct shim_rule *rules, uint32_t count)
{
	struct rte_acl_param param = {
		.name = name,
		.socket_id = 0,
		.rule_size = RTE_ACL_RULE_SZ(5),
		.max_rule_num = count,
	};
	struct rte_acl_config config = { .num_categories = 1, .num_fields = 5 };
	struct rte_acl_ctx *acl = rte_acl_create(&param);

	if (acl == NULL)
		return NULL;
	memcpy(config.defs, fields, sizeof(fields));
	if (add_rules(acl, rules, count) != 0 || rte_acl_build(acl, &config) != 0) {
		rte_acl_free(acl);
		return NULL;
	}
	return acl;
}

// Writes the number of the rule of each packet, 0 for none.
int shim_acl_classify(const struct rte_acl_ctx *acl, const struct shim_packet *packets,
		      uint32_t *values, uint32_t count, int avx512)
{
	const uint8_t *data[256];

	if (count > RTE_DIM(data))
		return -1;
	for (uint32_t i = 0; i < count; i++)
		data[i] = (const uint8_t *)&packets[i];
	return rte_acl_classify_alg(acl, data, values, count, 1,
		avx512 ? RTE_ACL_CLASSIFY_AVX512X32 : RTE_ACL_CLASSIFY_SCALAR);
}
