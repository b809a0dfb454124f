// Keeps a string and an object in Dapr's state API, reads both back and checks them.
#include "dapr.h"

static int holds(const char *key, const char *value) {
    struct dapr_response response = dapr_get("statestore", key);
    return response.status == 200 && strcmp(response.body, value) == 0;
}

int main(void) {
    puts("Testing Dapr API ....");
    const char *planets = "{\"name\":\"Tatooine\",\"test\":123}";
    int passed =
        dapr_save("statestore", "weapon", "\"Death Star\"", NULL).status == 204 &&
        dapr_save("statestore", "planets", planets, NULL).status == 204 &&
        holds("planets", planets) &&
        holds("weapon", "\"Death Star\"");
    puts(passed ? "Test successfully!" : "Test failed!");
    return passed ? 0 : 1;
}
