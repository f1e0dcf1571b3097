// The Echo service on Go gRPC: prints `listening PORT`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	pb "bench/echo"
)

type echo struct{ pb.UnimplementedEchoServer }

func (echo) Unary(_ context.Context, payload *pb.Payload) (*pb.Payload, error) { return payload, nil }

var served int64

func (echo) Traced(ctx context.Context, payload *pb.Payload) (*pb.Payload, error) {
	in, _ := metadata.FromIncomingContext(ctx)
	token, id := in.Get("authorization"), in.Get("x-request-id")
	if len(token) == 0 || !strings.HasPrefix(token[0], "Bearer ") || len(in.Get("traceparent")) == 0 || len(id) == 0 {
		return nil, errors.New("not signed in")
	}
	count := strconv.FormatInt(atomic.AddInt64(&served, 1), 10)
	grpc.SetHeader(ctx, metadata.Pairs("x-served-by", "bench-1", "x-request-id", id[0]))
	grpc.SetTrailer(ctx, metadata.Pairs("x-region", "eu-central-1", "x-served", count))
	return payload, nil
}

var five = []string{"x-tenant", "x-user", "x-session", "x-shard", "x-context-bin"}

func (echo) Tagged(ctx context.Context, payload *pb.Payload) (*pb.Payload, error) {
	in, _ := metadata.FromIncomingContext(ctx)
	out := metadata.MD{}
	for _, name := range five {
		out[name] = in.Get(name)
	}
	grpc.SetHeader(ctx, out)
	return payload, nil
}

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
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(1 << 30)}
	if folder := flag.String("tls", "", "folder with certificates; else plaintext"); true {
		flag.Parse()
		if *folder != "" {
			secured, err := credentials.NewServerTLSFromFile(*folder+"/server.pem", *folder+"/server.key")
			if err != nil {
				panic(err)
			}
			options = append(options, grpc.Creds(secured))
		}
	}
	server := grpc.NewServer(options...)
	pb.RegisterEchoServer(server, &echo{})
	fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	server.Serve(listener)
}
