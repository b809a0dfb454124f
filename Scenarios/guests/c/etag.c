// Saves two values at once, then shows what etags guard: a save with a stale one and a removal with a
// wrong one are refused, with the right one they pass.
#include "dapr.h"

static int check(void) {
    const char *store = "statestore";
    if (dapr_save_all(store, "[{\"key\":\"first\",\"value\":1},{\"key\":\"second\",\"value\":[2]}]")
            .status != 204)
        return 0;
    struct dapr_response found = dapr_get(store, "first");
    if (dapr_save(store, "first", "3", found.etag).status != 204) return 0;
    if (dapr_save(store, "first", "4", found.etag).status != 409) return 0;
    struct dapr_response fresh = dapr_get(store, "first");
    if (dapr_delete(store, "first", found.etag).status != 409) return 0;
    if (dapr_delete(store, "first", fresh.etag).status != 204) return 0;
    return dapr_get(store, "first").status == 204 && dapr_get(store, "second").status == 200;
}

int main(void) {
    int passed = check();
    puts(passed ? "Test successfully!" : "Test failed!");
    return passed ? 0 : 1;
}
