// The interop tests on Go gRPC: `go_peer server --port=0` prints `listening PORT` and serves until its standard input
// ends; `go_peer client --server_port=PORT --test_case=NAME,NAME` prints a line for each case.
// With `--compression=gzip` the client compresses what it sends, and the server as its client does.
// With `--tls=FOLDER` both use mutual TLS, with what certificates.ts has written there.
//
// Messages are structs with protobuf's tags, so that no generated code is needed.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/golang/protobuf/proto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type empty struct{}

type payload struct {
	Body []byte `protobuf:"bytes,2,opt,name=body,proto3"`
}

type echoStatus struct {
	Code    int32  `protobuf:"varint,1,opt,name=code,proto3"`
	Message string `protobuf:"bytes,2,opt,name=message,proto3"`
}

type simpleRequest struct {
	ResponseSize   int32       `protobuf:"varint,2,opt,name=response_size,proto3"`
	Payload        *payload    `protobuf:"bytes,3,opt,name=payload,proto3"`
	ResponseStatus *echoStatus `protobuf:"bytes,7,opt,name=response_status,proto3"`
}

type simpleResponse struct {
	Payload *payload `protobuf:"bytes,1,opt,name=payload,proto3"`
}

type inputRequest struct {
	Payload *payload `protobuf:"bytes,1,opt,name=payload,proto3"`
}

type inputResponse struct {
	AggregatedPayloadSize int32 `protobuf:"varint,1,opt,name=aggregated_payload_size,proto3"`
}

type responseParameters struct {
	Size       int32 `protobuf:"varint,1,opt,name=size,proto3"`
	IntervalUs int32 `protobuf:"varint,2,opt,name=interval_us,proto3"`
}

type outputRequest struct {
	ResponseParameters []*responseParameters `protobuf:"bytes,2,rep,name=response_parameters,proto3"`
	Payload            *payload              `protobuf:"bytes,3,opt,name=payload,proto3"`
	ResponseStatus     *echoStatus           `protobuf:"bytes,7,opt,name=response_status,proto3"`
}

type outputResponse struct {
	Payload *payload `protobuf:"bytes,1,opt,name=payload,proto3"`
}

func (m *empty) Reset()                      { *m = empty{} }
func (m *empty) String() string              { return proto.CompactTextString(m) }
func (*empty) ProtoMessage()                 {}
func (m *payload) Reset()                    { *m = payload{} }
func (m *payload) String() string            { return proto.CompactTextString(m) }
func (*payload) ProtoMessage()               {}
func (m *echoStatus) Reset()                 { *m = echoStatus{} }
func (m *echoStatus) String() string         { return proto.CompactTextString(m) }
func (*echoStatus) ProtoMessage()            {}
func (m *simpleRequest) Reset()              { *m = simpleRequest{} }
func (m *simpleRequest) String() string      { return proto.CompactTextString(m) }
func (*simpleRequest) ProtoMessage()         {}
func (m *simpleResponse) Reset()             { *m = simpleResponse{} }
func (m *simpleResponse) String() string     { return proto.CompactTextString(m) }
func (*simpleResponse) ProtoMessage()        {}
func (m *inputRequest) Reset()               { *m = inputRequest{} }
func (m *inputRequest) String() string       { return proto.CompactTextString(m) }
func (*inputRequest) ProtoMessage()          {}
func (m *inputResponse) Reset()              { *m = inputResponse{} }
func (m *inputResponse) String() string      { return proto.CompactTextString(m) }
func (*inputResponse) ProtoMessage()         {}
func (m *responseParameters) Reset()         { *m = responseParameters{} }
func (m *responseParameters) String() string { return proto.CompactTextString(m) }
func (*responseParameters) ProtoMessage()    {}
func (m *outputRequest) Reset()              { *m = outputRequest{} }
func (m *outputRequest) String() string      { return proto.CompactTextString(m) }
func (*outputRequest) ProtoMessage()         {}
func (m *outputResponse) Reset()             { *m = outputResponse{} }
func (m *outputResponse) String() string     { return proto.CompactTextString(m) }
func (*outputResponse) ProtoMessage()        {}

func zeros(size int32) *payload { return &payload{Body: make([]byte, size)} }

const (
	service       = "/grpc.testing.TestService/"
	initialKey    = "x-grpc-test-echo-initial"
	trailingKey   = "x-grpc-test-echo-trailing-bin"
	initialValue  = "test_initial_metadata_value"
	trailingValue = "\xab\xab\xab"
)

// The server.

func echoes(ctx context.Context) (initial, trailing metadata.MD) {
	given, _ := metadata.FromIncomingContext(ctx)
	initial, trailing = metadata.MD{}, metadata.MD{}
	if values := given.Get(initialKey); len(values) > 0 {
		initial.Set(initialKey, values...)
	}
	if values := given.Get(trailingKey); len(values) > 0 {
		trailing.Set(trailingKey, values...)
	}
	return initial, trailing
}

func (s *echoStatus) err() error {
	if s == nil {
		return nil
	}
	return status.Error(codes.Code(s.Code), s.Message)
}

func emptyCall(_ interface{}, _ context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
	request := &empty{}
	return request, decode(request)
}

func unaryCall(_ interface{}, ctx context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
	request := &simpleRequest{}
	if err := decode(request); err != nil {
		return nil, err
	}
	initial, trailing := echoes(ctx)
	grpc.SetHeader(ctx, initial)
	grpc.SetTrailer(ctx, trailing)
	if err := request.ResponseStatus.err(); err != nil {
		return nil, err
	}
	return &simpleResponse{Payload: zeros(request.ResponseSize)}, nil
}

func respond(request *outputRequest, stream grpc.ServerStream) error {
	if err := request.ResponseStatus.err(); err != nil {
		return err
	}
	for _, parameters := range request.ResponseParameters {
		time.Sleep(time.Duration(parameters.IntervalUs) * time.Microsecond)
		if err := stream.SendMsg(&outputResponse{Payload: zeros(parameters.Size)}); err != nil {
			return err
		}
	}
	return nil
}

func streamingInputCall(_ interface{}, stream grpc.ServerStream) error {
	sum := int32(0)
	for {
		request := &inputRequest{}
		err := stream.RecvMsg(request)
		if err == io.EOF {
			return stream.SendMsg(&inputResponse{AggregatedPayloadSize: sum})
		}
		if err != nil {
			return err
		}
		if request.Payload != nil {
			sum += int32(len(request.Payload.Body))
		}
	}
}

// Serves StreamingOutputCall as well: its one request is followed by the end of the stream.
func fullDuplexCall(_ interface{}, stream grpc.ServerStream) error {
	initial, trailing := echoes(stream.Context())
	stream.SetHeader(initial)
	stream.SetTrailer(trailing)
	for {
		request := &outputRequest{}
		err := stream.RecvMsg(request)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = respond(request, stream)
		}
		if err != nil {
			return err
		}
	}
}

// The configuration of one side, with the certificate of `own`; nil without a folder.
func configuration(folder, own string) *tls.Config {
	if folder == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(folder+"/"+own+".pem", folder+"/"+own+".key")
	if err != nil {
		panic(err)
	}
	authority, err := os.ReadFile(folder + "/ca.pem")
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		RootCAs:      pool,
		ClientCAs:    pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	}
}

func serve(port, folder string) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		panic(err)
	}
	var options []grpc.ServerOption
	if config := configuration(folder, "server"); config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	server := grpc.NewServer(options...)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "grpc.testing.TestService",
		HandlerType: (*interface{})(nil),
		Methods: []grpc.MethodDesc{
			{MethodName: "EmptyCall", Handler: emptyCall},
			{MethodName: "UnaryCall", Handler: unaryCall},
		},
		Streams: []grpc.StreamDesc{
			{StreamName: "StreamingInputCall", Handler: streamingInputCall, ClientStreams: true},
			{StreamName: "StreamingOutputCall", Handler: fullDuplexCall, ServerStreams: true},
			{StreamName: "FullDuplexCall", Handler: fullDuplexCall, ClientStreams: true, ServerStreams: true},
		},
	}, struct{}{})
	fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	server.Serve(listener)
}

// The client.

var (
	requestSizes  = []int32{27182, 8, 1828, 45904}
	responseSizes = []int32{31415, 9, 2653, 58979}
	duplex        = &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
)

const (
	largeRequest  = 271828
	largeResponse = 314159
	timeLimit     = 30 * time.Second
)

type client struct {
	*grpc.ClientConn
	ctx context.Context
}

func expect(holds bool, format string, values ...interface{}) {
	if !holds {
		panic(fmt.Errorf(format, values...))
	}
}

func expectStatus(err error, code codes.Code) {
	if err == io.EOF {
		err = nil // the regular end of a stream
	}
	expect(status.Code(err) == code, "status is %v, expected %v", err, code)
}

func expectPayload(found *payload, size int32) {
	expect(found != nil && bytes.Equal(found.Body, make([]byte, size)), "payload is not of %d zeros", size)
}

func (c client) unary(name string, request, response interface{}, options ...grpc.CallOption) error {
	return c.Invoke(c.ctx, service+name, request, response, options...)
}

func (c client) stream(name string, desc *grpc.StreamDesc) grpc.ClientStream {
	stream, err := c.NewStream(c.ctx, desc, service+name)
	expectStatus(err, codes.OK)
	return stream
}

func exchange(request, response int32) *outputRequest {
	return &outputRequest{ResponseParameters: []*responseParameters{{Size: response}}, Payload: zeros(request)}
}

func expectResponses(stream grpc.ClientStream, sizes ...int32) {
	for _, size := range sizes {
		response := &outputResponse{}
		expectStatus(stream.RecvMsg(response), codes.OK)
		expectPayload(response.Payload, size)
	}
}

// The stream ends, without another response.
func expectEnd(stream grpc.ClientStream, code codes.Code) error {
	err := stream.RecvMsg(&outputResponse{})
	expect(err != nil, "a response too many")
	expectStatus(err, code)
	return err
}

func (c client) largeUnary() {
	response := &simpleResponse{}
	request := &simpleRequest{ResponseSize: largeResponse, Payload: zeros(largeRequest)}
	expectStatus(c.unary("UnaryCall", request, response), codes.OK)
	expectPayload(response.Payload, largeResponse)
}

func (c client) clientStreaming() {
	stream := c.stream("StreamingInputCall", &grpc.StreamDesc{ClientStreams: true})
	for _, size := range requestSizes {
		expectStatus(stream.SendMsg(&inputRequest{Payload: zeros(size)}), codes.OK)
	}
	stream.CloseSend()
	response := &inputResponse{}
	expectStatus(stream.RecvMsg(response), codes.OK)
	expect(response.AggregatedPayloadSize == 74922, "aggregated_payload_size is %d", response.AggregatedPayloadSize)
}

func (c client) serverStreaming() {
	stream := c.stream("StreamingOutputCall", &grpc.StreamDesc{ServerStreams: true})
	request := &outputRequest{}
	for _, size := range responseSizes {
		request.ResponseParameters = append(request.ResponseParameters, &responseParameters{Size: size})
	}
	expectStatus(stream.SendMsg(request), codes.OK)
	stream.CloseSend()
	expectResponses(stream, responseSizes...)
	expectEnd(stream, codes.OK)
}

func (c client) pingPong() {
	stream := c.stream("FullDuplexCall", duplex)
	for i, size := range requestSizes {
		expectStatus(stream.SendMsg(exchange(size, responseSizes[i])), codes.OK)
		expectResponses(stream, responseSizes[i])
	}
	stream.CloseSend()
	expectEnd(stream, codes.OK)
}

func (c client) emptyStream() {
	stream := c.stream("FullDuplexCall", duplex)
	stream.CloseSend()
	expectEnd(stream, codes.OK)
}

func expectEchoes(initial, trailing metadata.MD) {
	first, last := initial.Get(initialKey), trailing.Get(trailingKey)
	expect(len(first) == 1 && first[0] == initialValue, "initial metadata is %q", first)
	expect(len(last) == 1 && last[0] == trailingValue, "trailing metadata is %q", last)
}

func (c client) customMetadata() {
	c.ctx = metadata.AppendToOutgoingContext(c.ctx, initialKey, initialValue, trailingKey, trailingValue)
	var initial, trailing metadata.MD
	response := &simpleResponse{}
	request := &simpleRequest{ResponseSize: largeResponse, Payload: zeros(largeRequest)}
	err := c.unary("UnaryCall", request, response, grpc.Header(&initial), grpc.Trailer(&trailing))
	expectStatus(err, codes.OK)
	expectEchoes(initial, trailing)
	stream := c.stream("FullDuplexCall", duplex)
	expectStatus(stream.SendMsg(exchange(largeRequest, largeResponse)), codes.OK)
	stream.CloseSend()
	expectResponses(stream, largeResponse)
	expectEnd(stream, codes.OK)
	initial, _ = stream.Header()
	expectEchoes(initial, stream.Trailer())
}

func (c client) unaryStatus(message string) {
	err := c.unary("UnaryCall", &simpleRequest{ResponseStatus: &echoStatus{Code: 2, Message: message}}, &simpleResponse{})
	expectStatus(err, codes.Unknown)
	expect(status.Convert(err).Message() == message, "status message is %q", status.Convert(err).Message())
}

func (c client) statusCodeAndMessage() {
	c.unaryStatus("test status message")
	stream := c.stream("FullDuplexCall", duplex)
	request := &outputRequest{ResponseStatus: &echoStatus{Code: 2, Message: "test status message"}}
	expectStatus(stream.SendMsg(request), codes.OK)
	stream.CloseSend()
	err := expectEnd(stream, codes.Unknown)
	expect(status.Convert(err).Message() == "test status message", "status message is %q", status.Convert(err).Message())
}

func (c client) cancelAfterBegin() {
	ctx, cancel := context.WithCancel(c.ctx)
	c.ctx = ctx
	stream := c.stream("StreamingInputCall", &grpc.StreamDesc{ClientStreams: true})
	cancel()
	expectStatus(stream.RecvMsg(&inputResponse{}), codes.Canceled)
}

func (c client) cancelAfterFirstResponse() {
	ctx, cancel := context.WithCancel(c.ctx)
	c.ctx = ctx
	stream := c.stream("FullDuplexCall", duplex)
	expectStatus(stream.SendMsg(exchange(requestSizes[0], responseSizes[0])), codes.OK)
	expectResponses(stream, responseSizes[0])
	cancel()
	expectEnd(stream, codes.Canceled)
}

func (c client) timeoutOnSleepingServer() {
	ctx, cancel := context.WithTimeout(c.ctx, time.Millisecond)
	defer cancel()
	stream, err := c.NewStream(ctx, duplex, service+"FullDuplexCall")
	if err == nil {
		stream.SendMsg(&outputRequest{Payload: zeros(requestSizes[0])})
		err = stream.RecvMsg(&outputResponse{})
	}
	expectStatus(err, codes.DeadlineExceeded)
}

var folder *string      // of certificates
var compression *string // the encoding of what the client sends

func connect(address string) *grpc.ClientConn {
	security := grpc.WithInsecure()
	if config := configuration(*folder, "client"); config != nil {
		security = grpc.WithTransportCredentials(credentials.NewTLS(config))
	}
	options := []grpc.DialOption{security, grpc.WithBlock()}
	if *compression != "" {
		options = append(options, grpc.WithDefaultCallOptions(grpc.UseCompressor(*compression)))
	}
	connection, err := grpc.Dial(address, options...)
	expectStatus(err, codes.OK)
	return connection
}

func run(name string, c client, address string) {
	switch name {
	case "empty_unary":
		expectStatus(c.unary("EmptyCall", &empty{}, &empty{}), codes.OK)
	case "large_unary":
		c.largeUnary()
	case "client_streaming":
		c.clientStreaming()
	case "server_streaming":
		c.serverStreaming()
	case "ping_pong":
		c.pingPong()
	case "empty_stream":
		c.emptyStream()
	case "custom_metadata":
		c.customMetadata()
	case "status_code_and_message":
		c.statusCodeAndMessage()
	case "special_status_message":
		c.unaryStatus("\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n")
	case "unimplemented_method":
		expectStatus(c.unary("UnimplementedCall", &empty{}, &empty{}), codes.Unimplemented)
	case "unimplemented_service":
		err := c.Invoke(c.ctx, "/grpc.testing.UnimplementedService/UnimplementedCall", &empty{}, &empty{})
		expectStatus(err, codes.Unimplemented)
	case "cancel_after_begin":
		c.cancelAfterBegin()
	case "cancel_after_first_response":
		c.cancelAfterFirstResponse()
	case "timeout_on_sleeping_server":
		c.timeoutOnSleepingServer()
	case "rpc_soak":
		for i := 0; i < 10; i++ {
			c.largeUnary()
		}
	case "channel_soak":
		for i := 0; i < 10; i++ {
			connection := connect(address)
			client{connection, c.ctx}.largeUnary()
			connection.Close()
		}
	default:
		panic(fmt.Errorf("there is no such case"))
	}
}

func passes(name string, connection *grpc.ClientConn, address string) (ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	defer func() {
		if failure := recover(); failure != nil {
			fmt.Printf("FAILED %s: %v\n", name, failure)
		}
	}()
	run(name, client{connection, ctx}, address)
	fmt.Println("ok", name)
	return true
}

func main() {
	flags := flag.NewFlagSet("go_peer", flag.ExitOnError)
	port := flags.String("port", "0", "port to listen on")
	serverPort := flags.String("server_port", "", "port of the server")
	names := flags.String("test_case", "", "cases, with commas between them")
	compression = flags.String("compression", "", "encoding of what the client sends")
	folder = flags.String("tls", "", "folder of certificates")
	flags.Parse(os.Args[2:])
	if os.Args[1] == "server" {
		serve(*port, *folder)
		return
	}
	address := "127.0.0.1:" + *serverPort
	connection := connect(address)
	failed := 0
	for _, name := range strings.Split(*names, ",") {
		if !passes(name, connection, address) {
			failed = 1
		}
	}
	os.Exit(failed)
}
