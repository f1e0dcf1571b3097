// Details of a status on Go gRPC: `details_peer server --port=0` prints `listening PORT` and ends every call with some;
// `details_peer client --server_port=PORT --test_case=NAME` calls a server that does the same, and prints `ok NAME`.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/golang/protobuf/ptypes/duration"
	"github.com/golang/protobuf/ptypes/empty"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func serve(port string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	end := func(interface{}, grpc.ServerStream) error {
		made, err := status.New(codes.FailedPrecondition, "sold out").WithDetails(
			&errdetails.ErrorInfo{Reason: "STOCKOUT", Domain: "shop.example", Metadata: map[string]string{"zone": "a"}},
			&errdetails.RetryInfo{RetryDelay: &duration.Duration{Seconds: 1, Nanos: 500000000}},
			&empty.Empty{},
		)
		if err != nil {
			return err
		}
		return made.Err()
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(end))
	fmt.Printf("listening %d\n", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		server.Stop()
	}()
	return server.Serve(listener)
}

func call(port string) error {
	channel, err := grpc.Dial("127.0.0.1:"+port, grpc.WithInsecure())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	ended := status.Convert(channel.Invoke(ctx, "/trial.Trial/One", &empty.Empty{}, &empty.Empty{}))
	details := ended.Details()
	if ended.Code() != codes.FailedPrecondition || len(details) != 3 {
		return fmt.Errorf("%v with %d details: %v", ended, len(details), details)
	}
	info, ok := details[0].(*errdetails.ErrorInfo)
	if !ok || info.Reason != "STOCKOUT" || info.Metadata["zone"] != "a" {
		return fmt.Errorf("the first detail: %v", details[0])
	}
	wrong, ok := details[1].(*errdetails.BadRequest)
	if !ok || len(wrong.FieldViolations) != 1 || wrong.FieldViolations[0].Field != "item" {
		return fmt.Errorf("the second detail: %v", details[1])
	}
	if _, unknown := details[2].(error); !unknown {
		return fmt.Errorf("the third detail, of a type that is not known here: %v", details[2])
	}
	return nil
}

func main() {
	flags := flag.NewFlagSet("details_peer", flag.ExitOnError)
	port := flags.String("port", "0", "")
	serverPort := flags.String("server_port", "", "")
	name := flags.String("test_case", "", "")
	flags.Parse(os.Args[2:])
	if os.Args[1] == "server" {
		if err := serve(*port); err != nil {
			panic(err)
		}
	} else if err := call(*serverPort); err != nil {
		fmt.Printf("FAILED %s: %v\n", *name, err)
	} else {
		fmt.Printf("ok %s\n", *name)
	}
}
