#!/bin/sh
# rootfs.sh SERVICE DIR lays out the content of a service's image: DIR/root is owned by root, DIR/owned by the service's user.
# It is run from the repository's root by build.sh or by the build stage of the Dockerfile. VERSION is the version of the binary.
set -eu

service=$1
out=$2
case $service in
gateway) module=gateway package=./cmd/gateway ;;
api | game | consensus | bitcraps) module=services package=./$service/cmd/$service ;;
*)
	echo "rootfs.sh: there is no service $service" >&2
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
# Without the workspace, so that an image is built with the versions in the module's own go.mod.
cd "$module"
CGO_ENABLED=0 GOWORK=off GOFLAGS=-buildvcs=false go build -trimpath \
	-ldflags "-s -w -X github.com/bitcraps/bitcraps/libs/version.Version=${VERSION:-dev}" -o "$out/root/app/service" "$package"
