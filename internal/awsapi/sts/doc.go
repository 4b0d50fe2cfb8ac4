// Package sts answers of AWS's Security Token Service the one operation by which clients, such as Terraform's provider, ask who they are.
//
// What comes in are calls ([awsapi.Call]) in AWS Query; package app makes the service and puts it into the router.
//
// Source: AWS, Security Token Service API Reference.
package sts
