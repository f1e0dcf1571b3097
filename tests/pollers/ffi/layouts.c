// Prints what a C compiler makes of the structs and constants that pollers/ffi has written down, as "name value".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#define PRINT(name, value) printf("%s %lu\n", name, (unsigned long)(value))
#define SIZE(table, type) PRINT(#table ".size", sizeof(type))
#define AT(table, key, type, member) PRINT(#table "." #key, offsetof(type, member))
#define CONSTANT(name) PRINT("C." #name, (unsigned int)(name))
#define ERROR(name) PRINT("errno." #name, name)

static void structs(void) {
  SIZE(epollEvent, struct epoll_event);
  AT(epollEvent, events, struct epoll_event, events);
  AT(epollEvent, data, struct epoll_event, data);
  SIZE(SIGSET, sigset_t);
  SIZE(IOVEC, struct iovec);
  AT(IOVEC, base, struct iovec, iov_base);
  AT(IOVEC, length, struct iovec, iov_len);
  SIZE(MSGHDR, struct msghdr);
  AT(MSGHDR, name, struct msghdr, msg_name);
  AT(MSGHDR, nameLength, struct msghdr, msg_namelen);
  AT(MSGHDR, iov, struct msghdr, msg_iov);
  AT(MSGHDR, iovLength, struct msghdr, msg_iovlen);
  AT(MSGHDR, control, struct msghdr, msg_control);
  AT(MSGHDR, flags, struct msghdr, msg_flags);
  SIZE(SOCKADDR_IN, struct sockaddr_in);
  AT(SOCKADDR_IN, family, struct sockaddr_in, sin_family);
  AT(SOCKADDR_IN, port, struct sockaddr_in, sin_port);
  AT(SOCKADDR_IN, address, struct sockaddr_in, sin_addr);
  SIZE(SOCKADDR_IN6, struct sockaddr_in6);
  AT(SOCKADDR_IN6, family, struct sockaddr_in6, sin6_family);
  AT(SOCKADDR_IN6, port, struct sockaddr_in6, sin6_port);
  AT(SOCKADDR_IN6, address, struct sockaddr_in6, sin6_addr);
  AT(SOCKADDR_IN6, scope, struct sockaddr_in6, sin6_scope_id);
  SIZE(SOCKADDR_UN, struct sockaddr_un);
  AT(SOCKADDR_UN, family, struct sockaddr_un, sun_family);
  AT(SOCKADDR_UN, path, struct sockaddr_un, sun_path);
  SIZE(RLIMIT, struct rlimit);
  AT(RLIMIT, current, struct rlimit, rlim_cur);
  AT(RLIMIT, maximum, struct rlimit, rlim_max);
  SIZE(POLLFD, struct pollfd);
  AT(POLLFD, fd, struct pollfd, fd);
  AT(POLLFD, events, struct pollfd, events);
  AT(POLLFD, returned, struct pollfd, revents);
  SIZE(TIMESPEC, struct timespec);
  AT(TIMESPEC, seconds, struct timespec, tv_sec);
  AT(TIMESPEC, nanoseconds, struct timespec, tv_nsec);
  PRINT("sizeof.socklen_t", sizeof(socklen_t));
  PRINT("sizeof.size_t", sizeof(size_t));
  PRINT("sizeof.sa_family_t", sizeof(sa_family_t));
  PRINT("sizeof.storage", sizeof(struct sockaddr_storage));
}

static void constants(void) {
  CONSTANT(AF_UNIX);
  CONSTANT(AF_INET);
  CONSTANT(AF_INET6);
  CONSTANT(SOCK_STREAM);
  CONSTANT(SOCK_NONBLOCK);
  CONSTANT(SOCK_CLOEXEC);
  CONSTANT(SOL_SOCKET);
  CONSTANT(SO_REUSEADDR);
  CONSTANT(SO_ERROR);
  CONSTANT(SIGPIPE);
  CONSTANT(SIG_BLOCK);
  CONSTANT(SIG_SETMASK);
  CONSTANT(SO_KEEPALIVE);
  CONSTANT(SO_REUSEPORT);
  CONSTANT(SO_ACCEPTCONN);
  CONSTANT(IPPROTO_TCP);
  CONSTANT(TCP_NODELAY);
  CONSTANT(TCP_KEEPIDLE);
  CONSTANT(TCP_USER_TIMEOUT);
  CONSTANT(IPPROTO_IPV6);
  CONSTANT(IPV6_V6ONLY);
  CONSTANT(SHUT_RDWR);
  CONSTANT(MSG_NOSIGNAL);
  CONSTANT(F_DUPFD_CLOEXEC);
  CONSTANT(F_GETFL);
  CONSTANT(F_SETFL);
  CONSTANT(O_NONBLOCK);
  CONSTANT(EPOLL_CTL_ADD);
  CONSTANT(EPOLL_CTL_DEL);
  CONSTANT(EPOLL_CTL_MOD);
  CONSTANT(EPOLL_CLOEXEC);
  CONSTANT(EPOLLIN);
  CONSTANT(EPOLLOUT);
  CONSTANT(EPOLLERR);
  CONSTANT(EPOLLHUP);
  CONSTANT(EPOLLRDHUP);
  CONSTANT(EPOLLET);
  CONSTANT(EFD_NONBLOCK);
  CONSTANT(EFD_CLOEXEC);
  CONSTANT(RLIMIT_NOFILE);
  CONSTANT(PROT_READ);
  CONSTANT(PROT_WRITE);
  CONSTANT(MAP_SHARED);
  CONSTANT(MAP_PRIVATE);
  CONSTANT(MAP_FIXED);
  CONSTANT(MAP_ANONYMOUS);
  CONSTANT(MAP_POPULATE);
  CONSTANT(SEEK_CUR);
  CONSTANT(POLLIN);
  CONSTANT(POLLOUT);
  CONSTANT(POLLERR);
  CONSTANT(POLLHUP);
  CONSTANT(POLLNVAL);
  CONSTANT(POLLRDHUP);

}

static void errors(void) {
  ERROR(EPERM);
  ERROR(ENOENT);
  ERROR(EINTR);
  ERROR(EIO);
  ERROR(EBADF);
  ERROR(EAGAIN);
  ERROR(ENOMEM);
  ERROR(EACCES);
  ERROR(EFAULT);
  ERROR(EBUSY);
  ERROR(EEXIST);
  ERROR(ENODEV);
  ERROR(ENOTDIR);
  ERROR(EINVAL);
  ERROR(ENFILE);
  ERROR(EMFILE);
  ERROR(ENOSPC);
  ERROR(EPIPE);
  ERROR(ENAMETOOLONG);
  ERROR(ENOSYS);
  ERROR(ELOOP);
  ERROR(ETIME);
  ERROR(ECANCELED);
  ERROR(ENONET);
  ERROR(EPROTO);
  ERROR(ENOTSOCK);
  ERROR(EPROTOTYPE);
  ERROR(ENOPROTOOPT);
  ERROR(EPROTONOSUPPORT);
  ERROR(EOPNOTSUPP);
  ERROR(EAFNOSUPPORT);
  ERROR(EADDRINUSE);
  ERROR(EADDRNOTAVAIL);
  ERROR(ENETDOWN);
  ERROR(ENETUNREACH);
  ERROR(ECONNABORTED);
  ERROR(ECONNRESET);
  ERROR(ENOBUFS);
  ERROR(EISCONN);
  ERROR(ENOTCONN);
  ERROR(ETIMEDOUT);
  ERROR(ECONNREFUSED);
  ERROR(EHOSTDOWN);
  ERROR(EHOSTUNREACH);
  ERROR(EALREADY);
  ERROR(EINPROGRESS);
}

int main(void) {
  structs();
  constants();
  errors();
  return 0;
}
