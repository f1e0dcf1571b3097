// Linux's error numbers that tests make, where the library itself has no use for them.

export { EBADF } from "../../../pollers/ffi/linux_errno_table.ts";
/** No such file. */
export const ENOENT = 2;
/** An argument makes no sense. */
export const EINVAL = 22;
/** Not a socket. */
export const ENOTSOCK = 88;
