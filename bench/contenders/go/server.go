// The Echo service on Go gRPC: prints `listening PORT`.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"google.golang.org/grpc"

	pb "bench/echo"
)

type echo struct{ pb.UnimplementedEchoServer }

func (echo) Unary(_ context.Context, payload *pb.Payload) (*pb.Payload, error) { return payload, nil }

func (echo) Download(order *pb.Order, stream pb.Echo_DownloadServer) error {
	message := &pb.Payload{Body: make([]byte, order.Size)}
	for i := uint32(0); i < order.Count; i++ {
		if err := stream.Send(message); err != nil {
			return err
		}
	}
	return nil
}

func (echo) Upload(stream pb.Echo_UploadServer) error {
	receipt := &pb.Receipt{}
	for {
		message, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(receipt)
		}
		if err != nil {
			return err
		}
		receipt.Count++
		receipt.Bytes += float64(len(message.Body))
	}
}

func (echo) Chat(stream pb.Echo_ChatServer) error {
	for {
		message, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(message); err != nil {
			return err
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	pb.RegisterEchoServer(server, echo{})
	fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	server.Serve(listener)
}
