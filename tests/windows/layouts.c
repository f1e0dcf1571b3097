// Prints what C has for the structs and constants of pollers/ffi/windows_layouts.ts, as JSON.
#define WIN32_NO_STATUS // ntstatus.h has them all
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <mstcpip.h>
#include <afunix.h>
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include <stddef.h>
#include <stdio.h>

#ifndef SIO_TCP_INITIAL_RTO
// mingw's mstcpip.h has neither; this is how Windows' own defines them.
#define SIO_TCP_INITIAL_RTO _WSAIOW(IOC_VENDOR, 17)
typedef struct {
  USHORT Rtt;
  UCHAR MaxSynRetransmissions;
} TCP_INITIAL_RTO_PARAMETERS;
#endif

static void guid(const char *name, GUID value, const char *end) {
  const unsigned char *bytes = (const unsigned char *)&value;
  printf("\"%s\":[", name);
  for (int i = 0; i < 16; i++) printf("%s%u", i ? "," : "", bytes[i]);
  printf("]%s", end);
}

#define SIZE(type) (unsigned)sizeof(type)
#define AT(type, member) (unsigned)offsetof(type, member)
#define FLAG(name) printf("\"" #name "\":%u,", (unsigned)name)
#define NUMBER(name) printf("\"" #name "\":%d,", (int)name)

int main(void) {
  printf("{\"OVERLAPPED\":{\"size\":%u,\"internal\":%u,\"internalHigh\":%u,\"offset\":%u,\"event\":%u},",
         SIZE(OVERLAPPED), AT(OVERLAPPED, Internal), AT(OVERLAPPED, InternalHigh), AT(OVERLAPPED, Offset),
         AT(OVERLAPPED, hEvent));
  printf("\"OVERLAPPED_ENTRY\":{\"size\":%u,\"key\":%u,\"overlapped\":%u,\"internal\":%u,\"bytes\":%u},",
         SIZE(OVERLAPPED_ENTRY), AT(OVERLAPPED_ENTRY, lpCompletionKey), AT(OVERLAPPED_ENTRY, lpOverlapped),
         AT(OVERLAPPED_ENTRY, Internal), AT(OVERLAPPED_ENTRY, dwNumberOfBytesTransferred));
  printf("\"WSABUF\":{\"size\":%u,\"length\":%u,\"base\":%u},", SIZE(WSABUF), AT(WSABUF, len), AT(WSABUF, buf));
  printf("\"SOCKADDR_IN\":{\"size\":%u,\"family\":%u,\"port\":%u,\"address\":%u},", SIZE(struct sockaddr_in),
         AT(struct sockaddr_in, sin_family), AT(struct sockaddr_in, sin_port), AT(struct sockaddr_in, sin_addr));
  printf("\"SOCKADDR_IN6\":{\"size\":%u,\"family\":%u,\"port\":%u,\"address\":%u,\"scope\":%u},",
         SIZE(struct sockaddr_in6), AT(struct sockaddr_in6, sin6_family), AT(struct sockaddr_in6, sin6_port),
         AT(struct sockaddr_in6, sin6_addr), AT(struct sockaddr_in6, sin6_scope_id));
  printf("\"SOCKADDR_UN\":{\"size\":%u,\"family\":%u,\"path\":%u},", SIZE(struct sockaddr_un),
         AT(struct sockaddr_un, sun_family), AT(struct sockaddr_un, sun_path));
  printf("\"LINGER\":{\"size\":%u,\"on\":%u,\"seconds\":%u},", SIZE(struct linger), AT(struct linger, l_onoff),
         AT(struct linger, l_linger));
  printf("\"TCP_KEEPALIVE\":{\"size\":%u,\"on\":%u,\"idleMs\":%u,\"intervalMs\":%u},", SIZE(struct tcp_keepalive),
         AT(struct tcp_keepalive, onoff), AT(struct tcp_keepalive, keepalivetime),
         AT(struct tcp_keepalive, keepaliveinterval));
  printf("\"TCP_INITIAL_RTO\":{\"size\":%u,\"rtt\":%u,\"retransmissions\":%u},", SIZE(TCP_INITIAL_RTO_PARAMETERS),
         AT(TCP_INITIAL_RTO_PARAMETERS, Rtt), AT(TCP_INITIAL_RTO_PARAMETERS, MaxSynRetransmissions));
  printf("\"WSADATA\":{\"size\":%u},\"ACCEPT_ADDRESS_EXTRA\":16,\"GUIDS\":{", SIZE(WSADATA));
  guid("acceptEx", (GUID)WSAID_ACCEPTEX, ",");
  guid("connectEx", (GUID)WSAID_CONNECTEX, "},\"C\":{");
  NUMBER(AF_UNIX);
  NUMBER(AF_INET);
  NUMBER(AF_INET6);
  NUMBER(SOCK_STREAM);
  NUMBER(IPPROTO_TCP);
  NUMBER(IPPROTO_IPV6);
  NUMBER(IPV6_V6ONLY);
  NUMBER(TCP_NODELAY);
  NUMBER(SOL_SOCKET);
  NUMBER(SO_EXCLUSIVEADDRUSE);
  NUMBER(SO_LINGER);
  NUMBER(SO_UPDATE_ACCEPT_CONTEXT);
  NUMBER(SO_UPDATE_CONNECT_CONTEXT);
  NUMBER(SD_SEND);
  NUMBER(SOMAXCONN);
  FLAG(FIONBIO);
  FLAG(SIO_GET_EXTENSION_FUNCTION_POINTER);
  FLAG(SIO_KEEPALIVE_VALS);
  FLAG(SIO_TCP_INITIAL_RTO);
  FLAG(WSA_FLAG_OVERLAPPED);
  FLAG(WSA_FLAG_NO_HANDLE_INHERIT);
  FLAG(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
  FLAG(FILE_SKIP_SET_EVENT_ON_HANDLE);
  NUMBER(ERROR_INVALID_HANDLE);
  FLAG(PIPE_ACCESS_DUPLEX);
  FLAG(FILE_FLAG_OVERLAPPED);
  FLAG(FILE_FLAG_FIRST_PIPE_INSTANCE);
  FLAG(PIPE_REJECT_REMOTE_CLIENTS);
  FLAG(PIPE_UNLIMITED_INSTANCES);
  FLAG(GENERIC_READ);
  FLAG(GENERIC_WRITE);
  FLAG(OPEN_EXISTING);
  FLAG(SECURITY_SQOS_PRESENT);
  FLAG(SECURITY_IDENTIFICATION);
  FLAG(INFINITE);
  FLAG(MEM_COMMIT);
  FLAG(MEM_RESERVE);
  FLAG(MEM_RELEASE);
  FLAG(SYNCHRONIZE);
  FLAG(PAGE_READWRITE);
  printf("\"PAGE_EXECUTE_READ\":%u},\"errors\":{", (unsigned)PAGE_EXECUTE_READ);
#define ROW(name) printf("\"" #name "\":%u,", (unsigned)name);
#include "error_rows.h" // the names in pollers/ffi/windows_error_table.ts
  printf("\"WSA_IO_PENDING\":%u,\"WAIT_TIMEOUT\":%u}}\n", (unsigned)WSA_IO_PENDING, (unsigned)WAIT_TIMEOUT);
  return 0;
}
