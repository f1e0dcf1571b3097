// The server of a chaos run on Go gRPC: as server.ts, but that others announce it.
//
// Messages are structs with protobuf's tags, so that no generated code is needed.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand"
	"net"
	"os"
	"time"

	"github.com/golang/protobuf/proto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

type order struct {
	ID    string `protobuf:"bytes,1,opt,name=id,proto3"`
	Count int32  `protobuf:"varint,2,opt,name=count,proto3"`
}

func (m *order) Reset()         { *m = order{} }
func (m *order) String() string { return proto.CompactTextString(m) }
func (*order) ProtoMessage()    {}

var book *os.File

func execute(kind, id string) { fmt.Fprintf(book, "%s %s\n", kind, id) }

func work() { time.Sleep(time.Duration(rand.Intn(10_000)) * time.Microsecond) }

func unary(kind string) func(interface{}, context.Context, func(interface{}) error, grpc.UnaryServerInterceptor) (interface{}, error) {
	return func(_ interface{}, _ context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
		request := &order{}
		if err := decode(request); err != nil {
			return nil, err
		}
		execute(kind, request.ID)
		work()
		return request, nil
	}
}

func down(_ interface{}, stream grpc.ServerStream) error {
	request := &order{}
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	execute("down", request.ID)
	for place := int32(1); place <= request.Count; place++ {
		work()
		if err := stream.SendMsg(&order{ID: request.ID, Count: place}); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	port := flag.String("port", "0", "where it listens")
	log := flag.String("log", "", "its log")
	flag.Parse()
	var err error
	if book, err = os.OpenFile(*log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+*port)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "chaos.Chaos",
		HandlerType: (*interface{})(nil),
		Methods: []grpc.MethodDesc{
			{MethodName: "Once", Handler: unary("once")},
			{MethodName: "Again", Handler: unary("again")},
		},
		Streams: []grpc.StreamDesc{{StreamName: "Down", Handler: down, ServerStreams: true}},
	}, struct{}{})
	fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		if bufio.NewScanner(os.Stdin).Scan() {
			server.GracefulStop()
		}
		os.Exit(0)
	}()
	server.Serve(listener)
	select {} // what drains ends the process
}
