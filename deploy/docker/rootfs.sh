#!/bin/sh
# rootfs.sh SERVICE DIR lays out what the image of a service holds: DIR/root is root's, DIR/owned is the service's own.
# It is run from the repository's root, by build.sh or in the build stage of the Dockerfile. VERSION is what the binary says.
set -eu

service=$1
out=$2
case $service in
gateway) module=gateway package=./cmd/gateway ;;
api | game | consensus | bitcraps) module=services package=./$service/cmd/$service ;;
*)
	echo "rootfs.sh: no service is called $service" >&2
	exit 1
	;;
esac

rm -rf "$out"
mkdir -p "$out/root/app" "$out/root/etc/ssl/certs" "$out/root/var/lib" "$out/owned/bitcraps"
out=$(cd "$out" && pwd)
authorities=/etc/ssl/certs/ca-certificates.crt
if ! [ -f "$authorities" ]; then
	echo "rootfs.sh: $authorities is missing; install ca-certificates" >&2
	exit 1
fi
cp "$authorities" "$out/root/etc/ssl/certs/"
# Without the workspace: an image is built from what the module's own files say.
cd "$module"
CGO_ENABLED=0 GOWORK=off GOFLAGS=-buildvcs=false go build -trimpath \
	-ldflags "-s -w -X github.com/bitcraps/bitcraps/libs/version.Version=${VERSION:-dev}" -o "$out/root/app/service" "$package"
