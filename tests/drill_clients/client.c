/* A client linked statically: no library can be put before it, no variable for a proxy moves it. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found, *each;
    char text[512];
    if (argc != 2 || getaddrinfo(argv[1], "80", &wanted, &found) != 0) return 1;
    for (each = found; each; each = each->ai_next) {
        int stream = socket(each->ai_family, each->ai_socktype, 0);
        if (connect(stream, each->ai_addr, each->ai_addrlen) == 0) {
            int length = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", argv[1]);
            if (write(stream, text, length) != length) return 2;
            return read(stream, text, 12) == 12 && memcmp(text + 9, "200", 3) == 0 ? 0 : 3;
        }
        close(stream);
    }
    return 4;
}
