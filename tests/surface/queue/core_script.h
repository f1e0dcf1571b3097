// What the programs that run scripts on gRPC's C core have in common: one call, its queue, batches by their tags, and how
// events are printed. `core_client.c` and `core_server.c` have the commands of each side.
//
//   batch TAG OP...    starts a batch; prints the error where it is refused
//   next N             takes N events, and prints each with what its batch received
//   quiet MS           nothing comes for so long; prints what came all the same
//   cancel             cancels the call
//
// Operations: sim sim:VALUE(metadata "do") sim-bad sm:TEXT sm-none sc ss=CODE rim rm rs rc; with !FLAGS behind them
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int has_message, has_status, has_close;
  grpc_byte_buffer* message;
  grpc_status_code status;
  grpc_slice details;
  grpc_metadata_array initial, trailing;
  int cancelled;
} Batch;

static grpc_completion_queue* queue;
static grpc_call* call;
static Batch batches[100];

// The next word of the line.
static long next_number(void) {
  return strtol(strtok(NULL, " \n"), NULL, 10);
}

static gpr_timespec in_ms(long ms) {
  return gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

// A protobuf message whose field 1 is TEXT.
static grpc_byte_buffer* message_of(const char* text) {
  char bytes[128];
  size_t length = strlen(text);
  bytes[0] = 0x0a;
  bytes[1] = (char)length;
  memcpy(bytes + 2, text, length);
  grpc_slice slice = grpc_slice_from_copied_buffer(bytes, length + 2);
  grpc_byte_buffer* buffer = grpc_raw_byte_buffer_create(&slice, 1);
  grpc_slice_unref(slice);
  return buffer;
}

static void print_message(grpc_byte_buffer* buffer) {
  if (buffer == NULL) {
    printf(" message=none");
    return;
  }
  grpc_byte_buffer_reader reader;
  grpc_byte_buffer_reader_init(&reader, buffer);
  grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
  printf(" message=%.*s", (int)GRPC_SLICE_LENGTH(all) - 2, (char*)GRPC_SLICE_START_PTR(all) + 2);
  grpc_slice_unref(all);
}

static void print_event(grpc_event event) {
  if (event.type != GRPC_OP_COMPLETE) {
    printf("%s\n", event.type == GRPC_QUEUE_SHUTDOWN ? "QUEUE_SHUTDOWN" : "QUEUE_TIMEOUT");
    return;
  }
  long tag = (long)event.tag;
  Batch* batch = &batches[tag];
  printf("event %ld %s", tag, event.success ? "true" : "false");
  if (batch->has_message) print_message(batch->message);
  if (batch->has_status) printf(" status=%d", batch->status);
  if (batch->has_close) printf(" cancelled=%d", batch->cancelled);
  printf("\n");
}

static grpc_op operation(char* word, Batch* batch, grpc_metadata* metadata) {
  grpc_op op;
  memset(&op, 0, sizeof op);
  char* flags = strchr(word, '!');
  if (flags != NULL) {
    op.flags = (uint32_t)strtoul(flags + 1, NULL, 16);
    *flags = 0;
  }
  if (strncmp(word, "sim", 3) == 0) {
    op.op = GRPC_OP_SEND_INITIAL_METADATA;
    int bad = strcmp(word, "sim-bad") == 0;
    if (bad || word[3] == ':') {
      metadata->key = grpc_slice_from_copied_string(bad ? "Bad Key" : "do");
      metadata->value = grpc_slice_from_copied_string(bad ? "v" : word + 4);
      op.data.send_initial_metadata.count = 1;
      op.data.send_initial_metadata.metadata = metadata;
    }
  } else if (strncmp(word, "sm", 2) == 0) {
    op.op = GRPC_OP_SEND_MESSAGE;
    if (strcmp(word, "sm-none") != 0) {
      op.data.send_message.send_message = message_of(word[2] == ':' ? word + 3 : "x");
    }
  } else if (strcmp(word, "sc") == 0) {
    op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
  } else if (strncmp(word, "ss", 2) == 0) {
    op.op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    op.data.send_status_from_server.status = word[2] == '=' ? (grpc_status_code)atoi(word + 3) : GRPC_STATUS_OK;
  } else if (strcmp(word, "rc") == 0) {
    op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    op.data.recv_close_on_server.cancelled = &batch->cancelled;
    batch->has_close = 1;
  } else if (strcmp(word, "rim") == 0) {
    op.op = GRPC_OP_RECV_INITIAL_METADATA;
    op.data.recv_initial_metadata.recv_initial_metadata = &batch->initial;
  } else if (strcmp(word, "rm") == 0) {
    op.op = GRPC_OP_RECV_MESSAGE;
    op.data.recv_message.recv_message = &batch->message;
    batch->has_message = 1;
  } else if (strcmp(word, "rs") == 0) {
    op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    op.data.recv_status_on_client.trailing_metadata = &batch->trailing;
    op.data.recv_status_on_client.status = &batch->status;
    op.data.recv_status_on_client.status_details = &batch->details;
    batch->has_status = 1;
  } else {
    fprintf(stderr, "there is no operation %s\n", word);
    exit(2);
  }
  return op;
}

static void refused(long tag, grpc_call_error error) {
  if (error == GRPC_CALL_OK) return;
  printf("refused %ld %s\n", tag, grpc_call_error_to_string(error) + strlen("GRPC_CALL_ERROR_"));
}

static void start_batch(long tag) {
  Batch* batch = &batches[tag];
  memset(batch, 0, sizeof *batch);
  grpc_metadata_array_init(&batch->initial);
  grpc_metadata_array_init(&batch->trailing);
  grpc_op ops[10];
  grpc_metadata metadata;
  memset(&metadata, 0, sizeof metadata);
  size_t count = 0;
  for (char* word; (word = strtok(NULL, " \n")) != NULL;) ops[count++] = operation(word, batch, &metadata);
  refused(tag, grpc_call_start_batch(call, ops, count, (void*)tag, NULL));
}

// Obeys a command that both sides have; 0 where it is none.
static int obey(const char* command) {
  if (strcmp(command, "cancel") == 0) {
    grpc_call_cancel(call, NULL);
  } else if (strcmp(command, "batch") == 0) {
    start_batch(next_number());
  } else if (strcmp(command, "next") == 0) {
    for (long left = next_number(); left > 0; left--) print_event(grpc_completion_queue_next(queue, in_ms(5000), NULL));
  } else if (strcmp(command, "quiet") == 0) {
    print_event(grpc_completion_queue_next(queue, in_ms(next_number()), NULL));
  } else {
    return 0;
  }
  return 1;
}

// Runs the script that stdin has: `run` obeys a command, else gives 0. Whatever a line causes is printed before a ".".
static int run_script(int (*run)(const char* command)) {
  char line[400];
  while (fgets(line, sizeof line, stdin) != NULL) {
    const char* command = strtok(line, " \n");
    if (command == NULL) continue;
    if (!obey(command) && !run(command)) return 2;
    printf(".\n");
  }
  return 0;
}
