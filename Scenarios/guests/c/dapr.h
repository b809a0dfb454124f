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
HOST("header_get") uint32_t http_header(uint32_t handle, const char *name, size_t name_length,
                                        char *buffer, size_t size, uint32_t *written);
HOST("close") uint32_t http_close(uint32_t handle);
HOST("body_read") uint32_t http_read(uint32_t handle, char *buffer, size_t size, uint32_t *read);

enum { dapr_room = 4096 };

/// An answer of the sidecar; status 0 when there was none.
struct dapr_response {
    int status;
    /// Empty when the answer has none.
    char etag[64];
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
    if (http_header(handle, "etag", 4, response.etag, sizeof response.etag - 1, &count) == 0)
        response.etag[count] = 0;
    while (response.length < dapr_room - 1 &&
           http_read(handle, response.body + response.length, dapr_room - 1 - response.length,
                     &count) == 0 &&
           count > 0)
        response.length += count;
    http_close(handle);
    return response;
}

enum { dapr_url_room = 256 };

/// `http://127.0.0.1:3500/v1.0/state/{store}[/{key}]`; the host maps the conventional address to the
/// sidecar.
static const char *dapr_url(char *url, const char *store, const char *key) {
    const char *base = "http://127.0.0.1:3500/v1.0/state";
    snprintf(url, dapr_url_room, key ? "%s/%s/%s" : "%s/%s", base, store, key);
    return url;
}

/// Saves several items in one request, given as its JSON: `[{"key":"a","value":1}]`.
static struct dapr_response dapr_save_all(const char *store, const char *items) {
    char url[dapr_url_room];
    return dapr_send("POST", dapr_url(url, store, NULL), "Content-Type:application/json\n", items);
}

/// Saves one value, JSON, if what is stored has `etag` where one is given.
static struct dapr_response dapr_save(const char *store, const char *key, const char *value,
                                      const char *etag) {
    char item[dapr_room];
    if (etag)
        snprintf(item, sizeof item, "[{\"key\":\"%s\",\"value\":%s,\"etag\":\"%s\"}]", key, value,
                 etag);
    else
        snprintf(item, sizeof item, "[{\"key\":\"%s\",\"value\":%s}]", key, value);
    return dapr_save_all(store, item);
}

/// Reads one value: 200 with its JSON, 204 when there is none.
static struct dapr_response dapr_get(const char *store, const char *key) {
    char url[dapr_url_room];
    return dapr_send("GET", dapr_url(url, store, key), "", "");
}

/// Removes one value, if it has `etag` where one is given.
static struct dapr_response dapr_delete(const char *store, const char *key, const char *etag) {
    char url[dapr_url_room], headers[128] = "";
    if (etag) snprintf(headers, sizeof headers, "If-Match:%s\n", etag);
    return dapr_send("DELETE", dapr_url(url, store, key), headers, "");
}

#endif
