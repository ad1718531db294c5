/* Readers in threads of their own ask while one thread publishes; each answer is that of one whole revision. */

#include <pthread.h>

#include "test.h"

enum { N_READERS = 2, N_REVISIONS = 1000 };

static void *ask(void *context) {
    netpol_reader *reader = (netpol_reader *)context;
    netpol_packet packet = tcp("10.0.1.3", "10.0.1.2", 7379);
    uint64_t last = 0;
    while (last <= N_REVISIONS) {
        netpol_verdict verdict;
        CHECK(netpol_reader_verdict(reader, &packet, &verdict) == NETPOL_OK);
        /* The pod has this address and may, or has it not and is a stranger. */
        if (verdict.egress.decision == NETPOL_DECISION_NO_ENDPOINT) {
            CHECK(verdict.summary == NETPOL_SUMMARY_DENY);
        } else {
            CHECK(verdict.summary == NETPOL_SUMMARY_ALLOW);
        }
        CHECK(netpol_reader_revision(reader) >= last);
        last = netpol_reader_revision(reader);
    }
    netpol_reader_free(reader);
    return NULL;
}

int main(void) {
    netpol_engine *engine = world();
    pthread_t threads[N_READERS];
    int i;
    for (i = 0; i < N_READERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, ask, reader_of(engine)) == 0);
    }
    for (i = 0; i < N_REVISIONS; i++) {
        CHECK(netpol_engine_remove_endpoint(engine, (uint32_t)(i + 1), NULL) == NETPOL_OK);
        add_pod(engine, "api-0", "backend", i % 2 == 0 ? "10.0.1.4" : "10.0.1.3");
        CHECK(netpol_engine_publish(engine, NULL, NULL, NULL) == NETPOL_OK);
    }
    for (i = 0; i < N_READERS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    netpol_engine_free(engine);
    return 0;
}
