// Dapr's state API for a guest in C, by way of the host functions of `wasi_experimental_http`.
#ifndef DAPR_H
#define DAPR_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define HOST(name) __attribute__((import_module("wasi_experimental_http"), import_name(name)))

HOST("req") uint32_t http_request(const char *url, size_t url_length, const char *method,
                                  size_t method_length, const char *headers, size_t headers_length,
                                  const char *body, size_t body_length, uint16_t *status,
                                  uint32_t *handle);
HOST("close") uint32_t http_close(uint32_t handle);
HOST("body_read") uint32_t http_read(uint32_t handle, char *buffer, size_t size, uint32_t *read);

enum { dapr_room = 4096 };

/// An answer of the sidecar; status 0 when there was none.
struct dapr_response {
    int status;
    size_t length;
    char body[dapr_room];
};

/// Prints the request, sends it and reads its answer.
static struct dapr_response dapr_send(const char *method, const char *url, const char *headers,
                                      const char *body) {
    struct dapr_response response = {0};
    uint16_t status = 0;
    uint32_t handle = 0, count = 0;
    printf(*body ? "%s %s with %s\n" : "%s %s\n", method, url, body);
    uint32_t code = http_request(url, strlen(url), method, strlen(method), headers,
                                 strlen(headers), body, strlen(body), &status, &handle);
    if (code != 0) {
        printf("host error %u\n", (unsigned)code);
        return response;
    }
    response.status = status;
    while (response.length < dapr_room - 1 &&
           http_read(handle, response.body + response.length, dapr_room - 1 - response.length,
                     &count) == 0 &&
           count > 0)
        response.length += count;
    http_close(handle);
    return response;
}

/// Saves items, given as the JSON of a save request.
static struct dapr_response dapr_save(const char *store, const char *items) {
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:3500/v1.0/state/%s", store);
    return dapr_send("POST", url, "Content-Type:application/json\n", items);
}

/// Reads one value.
static struct dapr_response dapr_get(const char *store, const char *key) {
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:3500/v1.0/state/%s/%s", store, key);
    return dapr_send("GET", url, "", "");
}

#endif
