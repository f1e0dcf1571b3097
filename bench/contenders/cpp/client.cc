// A client on C++ gRPC: unary calls by the callback API, streams and kind "sync" by the synchronous one. Takes the arguments of
// drive.mjs and prints the same figures; kinds that it has not, it refuses.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "echo.grpc.pb.h"

using bench::Echo;
using bench::Order;
using bench::Payload;
using bench::Receipt;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string port, kind = "unary";
  int connections = 1, streams = 1, bytes = 16;
  double seconds = 1, warm_up_ms = 500;
};

static double CpuMicroseconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static std::atomic<long> done{0}, wrong{0}, running{0};
static std::atomic<bool> stop{false};
static std::mutex latencies_mutex;
static std::vector<double> latencies;

static void Took(Clock::time_point from) {
  if (done.load(std::memory_order_relaxed) & 15) return;
  std::lock_guard<std::mutex> lock(latencies_mutex);
  latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - from).count());
}

/** One unary call after another until `stop`. */
struct Caller {
  Caller(Echo::Stub* stub, int bytes) : stub(stub) {
    request.set_body(std::string(bytes, 'x'));
    ++running;
    Next();
  }
  void Next() {
    context = std::make_unique<grpc::ClientContext>();
    from = Clock::now();
    stub->async()->Unary(context.get(), &request, &response, [this](grpc::Status status) {
      ++done;
      if (!status.ok() || response.body().size() != request.body().size()) ++wrong;
      Took(from);
      if (stop) --running; else Next();
    });
  }
  Echo::Stub* stub;
  Payload request, response;
  std::unique_ptr<grpc::ClientContext> context;
  Clock::time_point from;
};

static void Download(Echo::Stub* stub, int bytes, int count) {
  grpc::ClientContext context;
  Order order;
  order.set_count(count);
  order.set_size(bytes);
  auto reader = stub->Download(&context, order);
  Payload message;
  int got = 0;
  for (; reader->Read(&message); ++got) if (static_cast<int>(message.body().size()) != bytes) ++wrong;
  if (!reader->Finish().ok() || got != count) ++wrong;
  done += got;
}

static void Upload(Echo::Stub* stub, int bytes, int count) {
  grpc::ClientContext context;
  Receipt receipt;
  Payload message;
  message.set_body(std::string(bytes, 'x'));
  auto writer = stub->Upload(&context, &receipt);
  for (int i = 0; i < count; ++i) writer->Write(message);
  writer->WritesDone();
  if (!writer->Finish().ok() || static_cast<int>(receipt.count()) != count) ++wrong;
  done += count;
}

static void Chat(Echo::Stub* stub, int bytes) {
  grpc::ClientContext context;
  Payload message, answer;
  message.set_body(std::string(bytes, 'x'));
  auto stream = stub->Chat(&context);
  while (!stop) {
    const auto from = Clock::now();
    if (!stream->Write(message) || !stream->Read(&answer) || answer.body() != message.body()) ++wrong;
    ++done;
    Took(from);
  }
  stream->WritesDone();
  stream->Finish();
}

static void Sync(Echo::Stub* stub, int bytes) {
  Payload request, response;
  request.set_body(std::string(bytes, 'x'));
  while (!stop) {
    const auto from = Clock::now();
    grpc::ClientContext context;
    if (!stub->Unary(&context, request, &response).ok() || response.body() != request.body()) ++wrong;
    ++done;
    Took(from);
  }
}

static Options Read(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto equals = argument.find('=');
    const std::string name = argument.substr(2, equals - 2), value = argument.substr(equals + 1);
    if (name == "port") options.port = value;
    else if (name == "kind") options.kind = value;
    else if (name == "connections") options.connections = std::atoi(value.c_str());
    else if (name == "streams") options.streams = std::atoi(value.c_str());
    else if (name == "bytes") options.bytes = std::atoi(value.c_str());
    else if (name == "seconds") options.seconds = std::atof(value.c_str());
    else if (name == "warm-up") options.warm_up_ms = std::atof(value.c_str());
  }
  return options;
}

static std::unique_ptr<Echo::Stub> Connect(const Options& options, int number) {
  grpc::ChannelArguments arguments;
  arguments.SetInt("bench.connection", number);  // or channels to one address share a connection
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return Echo::NewStub(
      grpc::CreateCustomChannel("127.0.0.1:" + options.port, grpc::InsecureChannelCredentials(), arguments));
}

int main(int argc, char** argv) {
  const Options options = Read(argc, argv);
  std::vector<std::unique_ptr<Echo::Stub>> stubs;
  for (int i = 0; i < options.connections; ++i) stubs.push_back(Connect(options, i));
  std::vector<std::unique_ptr<Caller>> callers;
  std::vector<std::thread> threads;
  const int count = std::min(20000, std::max(1, 32 * 1024 * 1024 / std::max(1, options.bytes)));
  for (auto& stub : stubs) {
    for (int i = 0; i < options.streams; ++i) {
      auto* one = stub.get();
      if (options.kind == "unary") callers.push_back(std::make_unique<Caller>(one, options.bytes));
      else if (options.kind == "sync") threads.emplace_back([=] { Sync(one, options.bytes); });
      else if (options.kind == "chat") threads.emplace_back([=] { Chat(one, options.bytes); });
      else if (options.kind == "download") {
        threads.emplace_back([=] { while (!stop) Download(one, options.bytes, count); });
      } else if (options.kind == "upload") {
        threads.emplace_back([=] { while (!stop) Upload(one, options.bytes, count); });
      } else {
        std::fprintf(stderr, "the C++ client has no %s\n", options.kind.c_str());
        return 2;
      }
    }
  }
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(options.warm_up_ms));
  std::printf("measuring\n");
  std::fflush(stdout);
  const long before = done, wrong_before = wrong;
  { std::lock_guard<std::mutex> lock(latencies_mutex); latencies.clear(); }
  const double cpu = CpuMicroseconds();
  const auto from = Clock::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds));
  const double ms = std::chrono::duration<double, std::milli>(Clock::now() - from).count();
  const long counted = done - before;
  const double used = CpuMicroseconds() - cpu;
  std::vector<double> sorted;
  { std::lock_guard<std::mutex> lock(latencies_mutex); sorted = latencies; }
  std::sort(sorted.begin(), sorted.end());
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"count\":%ld,\"wrong\":%ld,\"elapsedMs\":%f,\"cpuMicroseconds\":%f,\"rssBytes\":%ld,"
              "\"latencyMicroseconds\":[", counted, wrong.load() - wrong_before, ms, used, usage.ru_maxrss * 1024L);
  const double shares[] = {0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1};
  for (int i = 0; i < 9; ++i) {
    const double at = sorted.empty() ? 0 : sorted[static_cast<size_t>((sorted.size() - 1) * shares[i])];
    std::printf("%s[%g,%f]", i ? "," : "", shares[i], at);
  }
  std::printf("]}\n");
  std::fflush(stdout);
  std::_Exit(0);
}
