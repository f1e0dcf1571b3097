// Runs a script of completion queue operations on gRPC's C core, against the server of its argument, and prints what
// comes of them. `scripts.ts` has the scripts, and runs them on this library. Beside what `core_script.h` has:
//
//   call MS            makes a call with a deadline in MS milliseconds
//   plucking           makes the queue one of type PLUCK, before the first call
//   pluck TAG          plucks TAG, or finds within 60 ms that it is not there
//   watch STATE MS TAG watches until the channel's state is not STATE (0 to 3) any more
//   shutdown, drain
#include "core_script.h"

static grpc_channel* channel;

static int run(const char* command) {
  if (strcmp(command, "plucking") == 0) {
    queue = grpc_completion_queue_create_for_pluck(NULL);
  } else if (strcmp(command, "shutdown") == 0) {
    grpc_completion_queue_shutdown(queue);
  } else if (strcmp(command, "drain") == 0) {
    grpc_event event;
    do print_event(event = grpc_completion_queue_next(queue, in_ms(5000), NULL));
    while (event.type == GRPC_OP_COMPLETE);
  } else if (strcmp(command, "call") == 0) {
    grpc_slice path = grpc_slice_from_static_string("/trial.Trial/Both");
    gpr_timespec deadline = in_ms(next_number());
    call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, queue, path, NULL, deadline, NULL);
  } else if (strcmp(command, "pluck") == 0) {
    print_event(grpc_completion_queue_pluck(queue, (void*)next_number(), in_ms(60), NULL));
  } else if (strcmp(command, "watch") == 0) {
    grpc_connectivity_state last = (grpc_connectivity_state)next_number();
    gpr_timespec deadline = in_ms(next_number());
    grpc_channel_watch_connectivity_state(channel, last, deadline, queue, (void*)next_number());
  } else {
    return 0;
  }
  return 1;
}

int main(int count, char** arguments) {
  if (count != 2) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  grpc_init();
  grpc_channel_credentials* insecure = grpc_insecure_credentials_create();
  channel = grpc_channel_create(arguments[1], insecure, NULL);
  queue = grpc_completion_queue_create_for_next(NULL);
  return run_script(run);
}
