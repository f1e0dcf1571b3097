// Prints what a C compiler makes of io_uring's structs and constants that pollers/ffi has written down, as "name value".
#include <linux/io_uring.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>

#define PRINT(name, value) printf("%s %lu\n", name, (unsigned long)(value))
#define SIZE(table, type) PRINT(#table ".size", sizeof(type))
#define AT(table, key, type, member) PRINT(#table "." #key, offsetof(type, member))

int main(void) {
  SIZE(URING_PARAMS, struct io_uring_params);
  AT(URING_PARAMS, sqEntries, struct io_uring_params, sq_entries);
  AT(URING_PARAMS, cqEntries, struct io_uring_params, cq_entries);
  AT(URING_PARAMS, flags, struct io_uring_params, flags);
  AT(URING_PARAMS, features, struct io_uring_params, features);
  AT(URING_PARAMS, sqHead, struct io_uring_params, sq_off.head);
  AT(URING_PARAMS, sqTail, struct io_uring_params, sq_off.tail);
  AT(URING_PARAMS, sqMask, struct io_uring_params, sq_off.ring_mask);
  AT(URING_PARAMS, sqFlags, struct io_uring_params, sq_off.flags);
  AT(URING_PARAMS, sqArray, struct io_uring_params, sq_off.array);
  AT(URING_PARAMS, cqHead, struct io_uring_params, cq_off.head);
  AT(URING_PARAMS, cqTail, struct io_uring_params, cq_off.tail);
  AT(URING_PARAMS, cqMask, struct io_uring_params, cq_off.ring_mask);
  AT(URING_PARAMS, cqes, struct io_uring_params, cq_off.cqes);
  SIZE(SQE, struct io_uring_sqe);
  AT(SQE, opcode, struct io_uring_sqe, opcode);
  AT(SQE, flags, struct io_uring_sqe, flags);
  AT(SQE, ioprio, struct io_uring_sqe, ioprio);
  AT(SQE, fd, struct io_uring_sqe, fd);
  AT(SQE, offset, struct io_uring_sqe, off);
  AT(SQE, address, struct io_uring_sqe, addr);
  AT(SQE, length, struct io_uring_sqe, len);
  AT(SQE, operationFlags, struct io_uring_sqe, msg_flags);
  AT(SQE, userData, struct io_uring_sqe, user_data);
  AT(SQE, bufferGroup, struct io_uring_sqe, buf_group);
  SIZE(CQE, struct io_uring_cqe);
  AT(CQE, userData, struct io_uring_cqe, user_data);
  AT(CQE, result, struct io_uring_cqe, res);
  AT(CQE, flags, struct io_uring_cqe, flags);
  SIZE(URING_BUFFER, struct io_uring_buf);
  AT(URING_BUFFER, address, struct io_uring_buf, addr);
  AT(URING_BUFFER, length, struct io_uring_buf, len);
  AT(URING_BUFFER, id, struct io_uring_buf, bid);
  AT(URING_BUFFER, tail, struct io_uring_buf, resv);
  SIZE(URING_BUFFER_RING, struct io_uring_buf_reg);
  AT(URING_BUFFER_RING, address, struct io_uring_buf_reg, ring_addr);
  AT(URING_BUFFER_RING, entries, struct io_uring_buf_reg, ring_entries);
  AT(URING_BUFFER_RING, group, struct io_uring_buf_reg, bgid);
  SIZE(URING_WAIT, struct io_uring_getevents_arg);
  AT(URING_WAIT, signals, struct io_uring_getevents_arg, sigmask);
  AT(URING_WAIT, timeout, struct io_uring_getevents_arg, ts);
  PRINT("U.SYS_SETUP", __NR_io_uring_setup);
  PRINT("U.SYS_ENTER", __NR_io_uring_enter);
  PRINT("U.SYS_REGISTER", __NR_io_uring_register);
  PRINT("U.OFF_SQ_RING", IORING_OFF_SQ_RING);
  PRINT("U.OFF_SQES", IORING_OFF_SQES);
  PRINT("U.SETUP_CQSIZE", IORING_SETUP_CQSIZE);
  PRINT("U.SETUP_CLAMP", IORING_SETUP_CLAMP);
  PRINT("U.SETUP_SUBMIT_ALL", IORING_SETUP_SUBMIT_ALL);
  PRINT("U.SETUP_TASKRUN_FLAG", IORING_SETUP_TASKRUN_FLAG);
  PRINT("U.SETUP_SINGLE_ISSUER", IORING_SETUP_SINGLE_ISSUER);
  PRINT("U.SETUP_DEFER_TASKRUN", IORING_SETUP_DEFER_TASKRUN);
  PRINT("U.SQ_CQ_OVERFLOW", IORING_SQ_CQ_OVERFLOW);
  PRINT("U.SQ_TASKRUN", IORING_SQ_TASKRUN);
  PRINT("U.ENTER_GETEVENTS", IORING_ENTER_GETEVENTS);
  PRINT("U.ENTER_EXT_ARG", IORING_ENTER_EXT_ARG);
  PRINT("U.REGISTER_EVENTFD", IORING_REGISTER_EVENTFD);
  PRINT("U.REGISTER_PBUF_RING", IORING_REGISTER_PBUF_RING);
  PRINT("U.OP_POLL_ADD", IORING_OP_POLL_ADD);
  PRINT("U.OP_ACCEPT", IORING_OP_ACCEPT);
  PRINT("U.OP_ASYNC_CANCEL", IORING_OP_ASYNC_CANCEL);
  PRINT("U.OP_CONNECT", IORING_OP_CONNECT);
  PRINT("U.OP_SEND", IORING_OP_SEND);
  PRINT("U.OP_RECV", IORING_OP_RECV);
  PRINT("U.IOSQE_BUFFER_SELECT", IOSQE_BUFFER_SELECT);
  PRINT("U.IOSQE_CQE_SKIP_SUCCESS", IOSQE_CQE_SKIP_SUCCESS);
  PRINT("U.ACCEPT_MULTISHOT", IORING_ACCEPT_MULTISHOT);
  PRINT("U.CQE_F_BUFFER", IORING_CQE_F_BUFFER);
  PRINT("U.CQE_F_MORE", IORING_CQE_F_MORE);
  PRINT("U.CQE_F_SOCK_NONEMPTY", IORING_CQE_F_SOCK_NONEMPTY);
  PRINT("U.CQE_BUFFER_SHIFT", IORING_CQE_BUFFER_SHIFT);
  return 0;
}
