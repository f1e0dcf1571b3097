// The Echo service on C++ gRPC's callback API: prints `listening PORT`.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "echo.grpc.pb.h"

using bench::Order;
using bench::Payload;
using bench::Receipt;

class Download final : public grpc::ServerWriteReactor<Payload> {
 public:
  explicit Download(const Order* order) : left_(order->count()) {
    message_.set_body(std::string(order->size(), 'x'));
    Next();
  }
  void OnWriteDone(bool ok) override { ok ? Next() : Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  void Next() {
    if (left_ == 0) return Finish(grpc::Status::OK);
    --left_;
    StartWrite(&message_);
  }
  uint32_t left_;
  Payload message_;
};

class Upload final : public grpc::ServerReadReactor<Payload> {
 public:
  explicit Upload(Receipt* receipt) : receipt_(receipt) { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    receipt_->set_count(receipt_->count() + 1);
    receipt_->set_bytes(receipt_->bytes() + message_.body().size());
    StartRead(&message_);
  }
  void OnDone() override { delete this; }

 private:
  Receipt* receipt_;
  Payload message_;
};

class Chat final : public grpc::ServerBidiReactor<Payload, Payload> {
 public:
  Chat() { StartRead(&message_); }
  void OnReadDone(bool ok) override { ok ? StartWrite(&message_) : Finish(grpc::Status::OK); }
  void OnWriteDone(bool ok) override { ok ? StartRead(&message_) : Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  Payload message_;
};

class EchoService final : public bench::Echo::CallbackService {
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const Payload* request,
                                  Payload* response) override {
    *response = *request;
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerUnaryReactor* Traced(grpc::CallbackServerContext* context, const Payload* request,
                                   Payload* response) override {
    const auto& in = context->client_metadata();
    const auto token = in.find("authorization"), id = in.find("x-request-id");
    auto* reactor = context->DefaultReactor();
    if (token == in.end() || !token->second.starts_with("Bearer ") || in.find("traceparent") == in.end() ||
        id == in.end()) {
      reactor->Finish(grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "not signed in"));
      return reactor;
    }
    context->AddInitialMetadata("x-served-by", "bench-1");
    context->AddInitialMetadata("x-request-id", std::string(id->second.data(), id->second.size()));
    context->AddTrailingMetadata("x-region", "eu-central-1");
    context->AddTrailingMetadata("x-served", std::to_string(++served_));
    *response = *request;
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerUnaryReactor* Tagged(grpc::CallbackServerContext* context, const Payload* request,
                                   Payload* response) override {
    for (const char* name : {"x-tenant", "x-user", "x-session", "x-shard", "x-context-bin"}) {
      const auto found = context->client_metadata().find(name);
      if (found == context->client_metadata().end()) continue;
      context->AddInitialMetadata(name, std::string(found->second.data(), found->second.size()));
    }
    *response = *request;
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<Payload>* Download(grpc::CallbackServerContext*, const Order* order) override {
    return new ::Download(order);
  }
  grpc::ServerReadReactor<Payload>* Upload(grpc::CallbackServerContext*, Receipt* receipt) override {
    return new ::Upload(receipt);
  }
  grpc::ServerBidiReactor<Payload, Payload>* Chat(grpc::CallbackServerContext*) override { return new ::Chat(); }

  std::atomic<long> served_{0};
};

static std::string Content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/** `--tls=FOLDER`: a folder with certificates; else plaintext. */
static std::shared_ptr<grpc::ServerCredentials> Credentials(int count, char** arguments) {
  const std::string flag = "--tls=", first = count > 1 ? arguments[1] : "";
  if (first.compare(0, flag.size(), flag) != 0) return grpc::InsecureServerCredentials();
  const std::string server = first.substr(flag.size()) + "/server.";
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({Content(server + "key"), Content(server + "pem")});
  return grpc::SslServerCredentials(options);
}

int main(int count, char** arguments) {
  EchoService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", Credentials(count, arguments), &port);
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  std::printf("listening %d\n", port);
  std::fflush(stdout);
  while (std::getchar() != EOF) {}
  return 0;
}
