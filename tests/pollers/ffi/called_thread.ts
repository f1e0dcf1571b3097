// A thread with a function that native code may call, which ends in order.
import { nativeCallback } from "../../../pollers/ffi/library.ts";
import { endThread, startData } from "../../../pollers/native/thread.ts";

if (startData() !== undefined) {
  nativeCallback({ parameters: ["address"], result: "i32" }, () => 0);
  endThread();
}
