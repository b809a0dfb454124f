// Keeps a string and an object in Dapr's state API, reads both back and checks them.
#include "dapr.h"

static int holds(const char *key, const char *value) {
    struct dapr_response response = dapr_get("statestore", key);
    return response.status == 200 && strcmp(response.body, value) == 0;
}

int main(void) {
    puts("Testing Dapr API ....");
    int passed =
        dapr_save("statestore", "[{\"key\":\"weapon\",\"value\":\"Death Star\"}]").status == 204 &&
        dapr_save("statestore",
                  "[{\"key\":\"planets\",\"value\":{\"name\":\"Tatooine\",\"test\":123}}]")
                .status == 204 &&
        holds("planets", "{\"name\":\"Tatooine\",\"test\":123}") &&
        holds("weapon", "\"Death Star\"");
    puts(passed ? "Test successfully!" : "Test failed!");
    return passed ? 0 : 1;
}
