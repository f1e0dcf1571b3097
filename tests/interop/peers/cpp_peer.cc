// The interop tests on C++ gRPC: `cpp_peer server --port=0` prints `listening PORT` and serves until its standard
// input ends; `cpp_peer client --server_port=PORT --test_case=NAME,NAME` prints a line for each case.
// With `--compression=gzip` or `deflate` each side compresses what it sends. With `--tls=FOLDER` both use mutual TLS, with what certificates.ts has written there.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "test.grpc.pb.h"

// How a message came, which the library keeps for gRPC's own interop tests.
uint32_t grpc_call_test_only_get_message_flags(grpc_call* call);

namespace grpc {
namespace testing {

static const uint32_t kWasCompressed = 0x40000000u;

class InteropClientContextInspector {
 public:
  static bool WasCompressed(const ::grpc::ClientContext& context) {
    return (grpc_call_test_only_get_message_flags(context.call_) & kWasCompressed) != 0;
  }
};

class InteropServerContextInspector {
 public:
  static bool WasCompressed(const ::grpc::ServerContext& context) {
    return (grpc_call_test_only_get_message_flags(context.call_.call) & kWasCompressed) != 0;
  }
};

}  // namespace testing
}  // namespace grpc

using namespace grpc::testing;

static grpc_compression_algorithm Algorithm(const std::string& name) {
  return name == "gzip" ? GRPC_COMPRESS_GZIP : name == "deflate" ? GRPC_COMPRESS_DEFLATE : GRPC_COMPRESS_NONE;
}

static const char kInitial[] = "x-grpc-test-echo-initial";
static const char kTrailing[] = "x-grpc-test-echo-trailing-bin";

// The server.

static void EchoMetadata(grpc::ServerContext* context) {
  const auto& given = context->client_metadata();
  auto initial = given.find(kInitial), trailing = given.find(kTrailing);
  const auto text = [](grpc::string_ref ref) { return std::string(ref.data(), ref.size()); };
  if (initial != given.end()) context->AddInitialMetadata(kInitial, text(initial->second));
  if (trailing != given.end()) context->AddTrailingMetadata(kTrailing, text(trailing->second));
}

static grpc::Status StatusOf(const EchoStatus& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), status.message());
}

template <typename Request>
static bool CameAsExpected(const grpc::ServerContext& context, const Request& request) {
  return !request.has_expect_compressed() ||
         request.expect_compressed().value() == InteropServerContextInspector::WasCompressed(context);
}

static const grpc::Status kNotAsExpected(grpc::StatusCode::INVALID_ARGUMENT, "expect_compressed does not hold");

template <typename Stream>
static void Respond(const StreamingOutputCallRequest& request, Stream* stream) {
  for (const auto& parameters : request.response_parameters()) {
    std::this_thread::sleep_for(std::chrono::microseconds(parameters.interval_us()));
    StreamingOutputCallResponse response;
    response.mutable_payload()->set_body(std::string(parameters.size(), '\0'));
    grpc::WriteOptions options;
    if (parameters.has_compressed() && !parameters.compressed().value()) options.set_no_compression();
    stream->Write(response, options);
  }
}

class Service final : public TestService::Service {
  grpc::Status EmptyCall(grpc::ServerContext*, const Empty*, Empty*) override { return grpc::Status::OK; }

  grpc::Status UnaryCall(grpc::ServerContext* context, const SimpleRequest* request, SimpleResponse* response) override {
    EchoMetadata(context);
    if (!CameAsExpected(*context, *request)) return kNotAsExpected;
    if (request->response_compressed().value()) context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    if (request->has_response_status()) return StatusOf(request->response_status());
    response->mutable_payload()->set_body(std::string(request->response_size(), '\0'));
    return grpc::Status::OK;
  }

  grpc::Status StreamingOutputCall(grpc::ServerContext* context, const StreamingOutputCallRequest* request,
                                   grpc::ServerWriter<StreamingOutputCallResponse>* writer) override {
    EchoMetadata(context);
    if (request->has_response_status()) return StatusOf(request->response_status());
    for (const auto& parameters : request->response_parameters()) {
      if (parameters.compressed().value()) context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    }
    Respond(*request, writer);
    return grpc::Status::OK;
  }

  grpc::Status StreamingInputCall(grpc::ServerContext* context, grpc::ServerReader<StreamingInputCallRequest>* reader,
                                  StreamingInputCallResponse* response) override {
    EchoMetadata(context);
    StreamingInputCallRequest request;
    int sum = 0;
    while (reader->Read(&request)) {
      if (!CameAsExpected(*context, request)) return kNotAsExpected;
      sum += request.payload().body().size();
    }
    response->set_aggregated_payload_size(sum);
    return grpc::Status::OK;
  }

  grpc::Status FullDuplexCall(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<StreamingOutputCallResponse, StreamingOutputCallRequest>* stream) override {
    EchoMetadata(context);
    StreamingOutputCallRequest request;
    while (stream->Read(&request)) {
      if (request.has_response_status()) return StatusOf(request.response_status());
      Respond(request, stream);
    }
    return grpc::Status::OK;
  }
};

static std::string Pem(const std::string& folder, const std::string& name) {
  std::ifstream file(folder + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

static std::shared_ptr<grpc::ServerCredentials> ServerCredentials(const std::string& tls) {
  if (tls.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = Pem(tls, "ca.pem");
  options.pem_key_cert_pairs.push_back({Pem(tls, "server.key"), Pem(tls, "server.pem")});
  return grpc::SslServerCredentials(options);
}

static std::shared_ptr<grpc::ChannelCredentials> ChannelCredentials(const std::string& tls) {
  if (tls.empty()) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({Pem(tls, "ca.pem"), Pem(tls, "client.key"), Pem(tls, "client.pem")});
}

static int Serve(const std::string& port, const std::string& tls, const std::string& compression) {
  Service service;
  grpc::ServerBuilder builder;
  builder.SetDefaultCompressionAlgorithm(Algorithm(compression));
  int bound = 0;
  builder.AddListeningPort("127.0.0.1:" + port, ServerCredentials(tls), &bound);
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  std::printf("listening %d\n", bound);
  std::fflush(stdout);
  while (std::getchar() != EOF) {}
  std::_Exit(0);
}

// The client.

static const std::vector<int> kRequests = {27182, 8, 1828, 45904}, kResponses = {31415, 9, 2653, 58979};
static const int kLargeRequest = 271828, kLargeResponse = 314159;

static void Expect(bool holds, const std::string& otherwise) {
  if (!holds) throw std::runtime_error(otherwise);
}

static void ExpectStatus(const grpc::Status& status, grpc::StatusCode code) {
  std::ostringstream found;
  found << "status is " << status.error_code() << " (" << status.error_message() << "), expected " << code;
  Expect(status.error_code() == code, found.str());
}

static void ExpectPayload(const Payload& payload, int size) {
  Expect(payload.body() == std::string(size, '\0'),
         "payload of " + std::to_string(payload.body().size()) + " bytes, expected " + std::to_string(size) + " zeros");
}

static SimpleRequest Large() {
  SimpleRequest request;
  request.set_response_size(kLargeResponse);
  request.mutable_payload()->set_body(std::string(kLargeRequest, '\0'));
  return request;
}

static StreamingOutputCallRequest Exchange(int request_size, int response_size) {
  StreamingOutputCallRequest request;
  request.add_response_parameters()->set_size(response_size);
  request.mutable_payload()->set_body(std::string(request_size, '\0'));
  return request;
}

static void AddEchoes(grpc::ClientContext* context) {
  context->AddMetadata(kInitial, "test_initial_metadata_value");
  context->AddMetadata(kTrailing, "\xab\xab\xab");
}

static void ExpectEchoes(const grpc::ClientContext& context) {
  const auto& initial = context.GetServerInitialMetadata();
  const auto& trailing = context.GetServerTrailingMetadata();
  auto first = initial.find(kInitial), last = trailing.find(kTrailing);
  Expect(first != initial.end() && first->second == "test_initial_metadata_value", "initial metadata differs");
  Expect(last != trailing.end() && last->second == "\xab\xab\xab", "trailing metadata differs");
}

using Stub = TestService::Stub;

static void LargeUnary(Stub* stub) {
  grpc::ClientContext context;
  SimpleResponse response;
  ExpectStatus(stub->UnaryCall(&context, Large(), &response), grpc::StatusCode::OK);
  ExpectPayload(response.payload(), kLargeResponse);
}

static void EchoedStatus(Stub* stub, const std::string& message) {
  grpc::ClientContext context;
  SimpleRequest request;
  SimpleResponse response;
  request.mutable_response_status()->set_code(2);
  request.mutable_response_status()->set_message(message);
  const auto status = stub->UnaryCall(&context, request, &response);
  ExpectStatus(status, grpc::StatusCode::UNKNOWN);
  Expect(status.error_message() == message, "status message is " + status.error_message());
}

static void ClientStreaming(Stub* stub) {
  grpc::ClientContext context;
  StreamingInputCallResponse response;
  auto writer = stub->StreamingInputCall(&context, &response);
  for (int size : kRequests) {
    StreamingInputCallRequest request;
    request.mutable_payload()->set_body(std::string(size, '\0'));
    Expect(writer->Write(request), "a request could not be written");
  }
  writer->WritesDone();
  ExpectStatus(writer->Finish(), grpc::StatusCode::OK);
  Expect(response.aggregated_payload_size() == 74922, "aggregated_payload_size is wrong");
}

static void ServerStreaming(Stub* stub) {
  grpc::ClientContext context;
  StreamingOutputCallRequest request;
  for (int size : kResponses) request.add_response_parameters()->set_size(size);
  auto reader = stub->StreamingOutputCall(&context, request);
  StreamingOutputCallResponse response;
  for (int size : kResponses) {
    Expect(reader->Read(&response), "a response is missing");
    ExpectPayload(response.payload(), size);
  }
  Expect(!reader->Read(&response), "a response too many");
  ExpectStatus(reader->Finish(), grpc::StatusCode::OK);
}

static void PingPong(Stub* stub) {
  grpc::ClientContext context;
  auto stream = stub->FullDuplexCall(&context);
  StreamingOutputCallResponse response;
  for (size_t i = 0; i < kRequests.size(); ++i) {
    Expect(stream->Write(Exchange(kRequests[i], kResponses[i])), "a request could not be written");
    Expect(stream->Read(&response), "a response is missing");
    ExpectPayload(response.payload(), kResponses[i]);
  }
  stream->WritesDone();
  Expect(!stream->Read(&response), "a response too many");
  ExpectStatus(stream->Finish(), grpc::StatusCode::OK);
}

static void EmptyStream(Stub* stub) {
  grpc::ClientContext context;
  auto stream = stub->FullDuplexCall(&context);
  stream->WritesDone();
  StreamingOutputCallResponse response;
  Expect(!stream->Read(&response), "a response too many");
  ExpectStatus(stream->Finish(), grpc::StatusCode::OK);
}

static void CustomMetadata(Stub* stub) {
  grpc::ClientContext unary;
  AddEchoes(&unary);
  SimpleResponse answer;
  ExpectStatus(stub->UnaryCall(&unary, Large(), &answer), grpc::StatusCode::OK);
  ExpectEchoes(unary);
  grpc::ClientContext duplex;
  AddEchoes(&duplex);
  auto stream = stub->FullDuplexCall(&duplex);
  stream->Write(Exchange(kLargeRequest, kLargeResponse));
  stream->WritesDone();
  StreamingOutputCallResponse response;
  Expect(stream->Read(&response), "a response is missing");
  ExpectPayload(response.payload(), kLargeResponse);
  Expect(!stream->Read(&response), "a response too many");
  ExpectStatus(stream->Finish(), grpc::StatusCode::OK);
  ExpectEchoes(duplex);
}

static void StatusCodeAndMessage(Stub* stub) {
  EchoedStatus(stub, "test status message");
  grpc::ClientContext context;
  auto stream = stub->FullDuplexCall(&context);
  StreamingOutputCallRequest request;
  request.mutable_response_status()->set_code(2);
  request.mutable_response_status()->set_message("test status message");
  stream->Write(request);
  stream->WritesDone();
  StreamingOutputCallResponse response;
  Expect(!stream->Read(&response), "a response too many");
  const auto status = stream->Finish();
  ExpectStatus(status, grpc::StatusCode::UNKNOWN);
  Expect(status.error_message() == "test status message", "status message is " + status.error_message());
}

static void CancelAfterBegin(Stub* stub) {
  grpc::ClientContext context;
  StreamingInputCallResponse response;
  auto writer = stub->StreamingInputCall(&context, &response);
  context.TryCancel();
  ExpectStatus(writer->Finish(), grpc::StatusCode::CANCELLED);
}

static void CancelAfterFirstResponse(Stub* stub) {
  grpc::ClientContext context;
  auto stream = stub->FullDuplexCall(&context);
  stream->Write(Exchange(kRequests[0], kResponses[0]));
  StreamingOutputCallResponse response;
  Expect(stream->Read(&response), "the first response is missing");
  ExpectPayload(response.payload(), kResponses[0]);
  context.TryCancel();
  ExpectStatus(stream->Finish(), grpc::StatusCode::CANCELLED);
}

static void TimeoutOnSleepingServer(Stub* stub) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(1));
  auto stream = stub->FullDuplexCall(&context);
  StreamingOutputCallRequest request;
  request.mutable_payload()->set_body(std::string(kRequests[0], '\0'));
  stream->Write(request);
  StreamingOutputCallResponse response;
  stream->Read(&response);
  ExpectStatus(stream->Finish(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

// A request as `expected` says, compressed or not.
static grpc::Status CompressedUnary(Stub* stub, bool expected, bool compressed) {
  grpc::ClientContext context;
  SimpleResponse response;
  SimpleRequest request = Large();
  request.mutable_expect_compressed()->set_value(expected);
  context.set_compression_algorithm(compressed ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_NONE);
  const auto status = stub->UnaryCall(&context, request, &response);
  if (status.ok()) ExpectPayload(response.payload(), kLargeResponse);
  return status;
}

static void ClientCompressedUnary(Stub* stub) {
  ExpectStatus(CompressedUnary(stub, true, false), grpc::StatusCode::INVALID_ARGUMENT);
  ExpectStatus(CompressedUnary(stub, true, true), grpc::StatusCode::OK);
  ExpectStatus(CompressedUnary(stub, false, false), grpc::StatusCode::OK);
}

static StreamingInputCallRequest Expecting(bool compressed, int size) {
  StreamingInputCallRequest request;
  request.mutable_expect_compressed()->set_value(compressed);
  request.mutable_payload()->set_body(std::string(size, '\0'));
  return request;
}

static void ClientCompressedStreaming(Stub* stub) {
  grpc::WriteOptions plain;
  plain.set_no_compression();
  {
    grpc::ClientContext context;
    context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    StreamingInputCallResponse response;
    auto probe = stub->StreamingInputCall(&context, &response);
    probe->Write(Expecting(true, kRequests[0]), plain);
    probe->WritesDone();
    ExpectStatus(probe->Finish(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  StreamingInputCallResponse response;
  auto writer = stub->StreamingInputCall(&context, &response);
  Expect(writer->Write(Expecting(true, 27182)), "the compressed request could not be written");
  Expect(writer->Write(Expecting(false, 45904), plain), "the uncompressed request could not be written");
  writer->WritesDone();
  ExpectStatus(writer->Finish(), grpc::StatusCode::OK);
  Expect(response.aggregated_payload_size() == 73086, "aggregated_payload_size is wrong");
}

static void ServerCompressedUnary(Stub* stub) {
  for (bool compressed : {true, false}) {
    grpc::ClientContext context;
    SimpleResponse response;
    SimpleRequest request = Large();
    request.mutable_response_compressed()->set_value(compressed);
    ExpectStatus(stub->UnaryCall(&context, request, &response), grpc::StatusCode::OK);
    ExpectPayload(response.payload(), kLargeResponse);
    Expect(InteropClientContextInspector::WasCompressed(context) == compressed, "the response is not as was asked");
  }
}

static void ServerCompressedStreaming(Stub* stub) {
  grpc::ClientContext context;
  StreamingOutputCallRequest request;
  for (int size : {31415, 92653}) {
    auto parameters = request.add_response_parameters();
    parameters->set_size(size);
    parameters->mutable_compressed()->set_value(size == 31415);
  }
  auto reader = stub->StreamingOutputCall(&context, request);
  StreamingOutputCallResponse response;
  for (const auto& parameters : request.response_parameters()) {
    Expect(reader->Read(&response), "a response is missing");
    ExpectPayload(response.payload(), parameters.size());
    Expect(InteropClientContextInspector::WasCompressed(context) == parameters.compressed().value(),
           "a response is not as was asked");
  }
  Expect(!reader->Read(&response), "a response too many");
  ExpectStatus(reader->Finish(), grpc::StatusCode::OK);
}

static int RunClient(const std::string& address, const std::string& names, const std::string& tls,
                     const std::string& compression) {
  auto connect = [&] {
    grpc::ChannelArguments arguments;
    arguments.SetCompressionAlgorithm(Algorithm(compression));
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // or channels to one address share a connection
    return grpc::CreateCustomChannel(address, ChannelCredentials(tls), arguments);
  };
  auto channel = connect();
  auto stub = TestService::NewStub(channel);
  Empty empty;
  const std::map<std::string, std::function<void()>> cases = {
      {"empty_unary", [&] {
         grpc::ClientContext context;
         ExpectStatus(stub->EmptyCall(&context, empty, &empty), grpc::StatusCode::OK);
       }},
      {"large_unary", [&] { LargeUnary(stub.get()); }},
      {"client_streaming", [&] { ClientStreaming(stub.get()); }},
      {"server_streaming", [&] { ServerStreaming(stub.get()); }},
      {"ping_pong", [&] { PingPong(stub.get()); }},
      {"empty_stream", [&] { EmptyStream(stub.get()); }},
      {"custom_metadata", [&] { CustomMetadata(stub.get()); }},
      {"status_code_and_message", [&] { StatusCodeAndMessage(stub.get()); }},
      {"special_status_message", [&] {
         EchoedStatus(stub.get(), "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n");
       }},
      {"unimplemented_method", [&] {
         grpc::ClientContext context;
         ExpectStatus(stub->UnimplementedCall(&context, empty, &empty), grpc::StatusCode::UNIMPLEMENTED);
       }},
      {"unimplemented_service", [&] {
         grpc::ClientContext context;
         auto other = UnimplementedService::NewStub(channel);
         ExpectStatus(other->UnimplementedCall(&context, empty, &empty), grpc::StatusCode::UNIMPLEMENTED);
       }},
      {"cancel_after_begin", [&] { CancelAfterBegin(stub.get()); }},
      {"cancel_after_first_response", [&] { CancelAfterFirstResponse(stub.get()); }},
      {"timeout_on_sleeping_server", [&] { TimeoutOnSleepingServer(stub.get()); }},
      {"client_compressed_unary", [&] { ClientCompressedUnary(stub.get()); }},
      {"server_compressed_unary", [&] { ServerCompressedUnary(stub.get()); }},
      {"client_compressed_streaming", [&] { ClientCompressedStreaming(stub.get()); }},
      {"server_compressed_streaming", [&] { ServerCompressedStreaming(stub.get()); }},
      {"rpc_soak", [&] { for (int i = 0; i < 10; ++i) LargeUnary(stub.get()); }},
      {"channel_soak", [&] { for (int i = 0; i < 10; ++i) LargeUnary(TestService::NewStub(connect()).get()); }},
  };
  int failed = 0;
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    try {
      cases.at(name)();
      std::printf("ok %s\n", name.c_str());
    } catch (const std::exception& error) {
      std::printf("FAILED %s: %s\n", name.c_str(), error.what());
      ++failed;
    }
    std::fflush(stdout);
  }
  return failed == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags = {{"port", "0"}};
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto equals = argument.find('=');
    flags[argument.substr(2, equals - 2)] = argument.substr(equals + 1);
  }
  if (argc > 1 && std::string(argv[1]) == "server") return Serve(flags["port"], flags["tls"], flags["compression"]);
  return RunClient("127.0.0.1:" + flags["server_port"], flags["test_case"], flags["tls"], flags["compression"]);
}
