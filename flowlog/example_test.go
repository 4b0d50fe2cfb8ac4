package flowlog_test

import (
	"fmt"
	"io"
	"os"
	"strings"

	"weir/flowlog"
)

const exampleLog = `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK
2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA
2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 RDP 6 20 4249 1418530010 1418530070 REJECT OK
`

func ExampleDecoder() {
	d, err := flowlog.NewDecoder(strings.NewReader(exampleLog), flowlog.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		for r := range b.Records() {
			status, _ := r.Text(flowlog.LogStatus)
			src, ok := r.Addr(flowlog.SrcAddr)
			if !ok {
				fmt.Println(status, "without traffic")
				continue
			}
			bytes, _ := r.Int(flowlog.Bytes)
			fmt.Println(status, "from", src, bytes, "bytes")
		}
	}
	for _, bad := range d.Stats().BadLines {
		fmt.Println(bad)
	}
	// Output:
	// OK from 172.31.16.139 4249 bytes
	// NODATA without traffic
	// line 4, column 68: dstport: "RDP" is not a number
}

// Records that stand under no header need the flow log's own LogFormat.
func ExampleParseLogFormat() {
	format, err := flowlog.ParseLogFormat("${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr}")
	if err != nil {
		fmt.Println(err)
		return
	}
	line := strings.NewReader("eni-1235b8ca123456789 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5")
	d, err := flowlog.NewDecoder(line, flowlog.Options{Format: &format})
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := d.Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", flowlog.AppendJSON(nil, b.At(0)))
	fmt.Println("a record of this format has version", format.RecordVersion())
	// Output:
	// {"interface_id":"eni-1235b8ca123456789","srcaddr":"10.0.0.220","dstaddr":"10.0.1.5","pkt_srcaddr":"203.0.113.5","pkt_dstaddr":"10.0.1.5"}
	// a record of this format has version 3
}

func ExampleNewTextWriter() {
	b := flowlog.NewBatch(flowlog.KindVPC)
	r := b.Append()
	for field, value := range map[flowlog.FieldID]string{
		flowlog.SrcAddr: "10.0.0.5", flowlog.DstAddr: "203.0.113.9", flowlog.Action: "REJECT", flowlog.RejectReason: "BPA",
	} {
		if err := r.SetText(field, value); err != nil {
			fmt.Println(err)
			return
		}
	}
	format, err := flowlog.ParseLogFormat("${version} ${srcaddr} ${dstaddr} ${bytes} ${action} ${reject-reason}")
	if err != nil {
		fmt.Println(err)
		return
	}
	w := flowlog.NewTextWriter(os.Stdout, format, true)
	if err := w.Write(b); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// version srcaddr dstaddr bytes action reject-reason
	// 8 10.0.0.5 203.0.113.9 - REJECT BPA
}

func ExampleFields() {
	for _, f := range flowlog.Fields(flowlog.KindVPC)[:4] {
		fmt.Println(f.Column, f.Type, f.Type.SQL())
	}
	// Output:
	// version INT_32 INTEGER
	// account_id STRING VARCHAR
	// interface_id STRING VARCHAR
	// srcaddr STRING VARCHAR
}
