#!/bin/sh
# build.sh [SERVICE...] builds the images of the named services, or of all, as $REGISTRY/bitcraps/SERVICE:$VERSION.
# Buildah needs no daemon and no base image; if it is missing, Docker builds from the base image. BUILDAH may contain the command with flags.
set -eu

cd "$(dirname "$0")/../.."
VERSION=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo dev)}
REVISION=${REVISION:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}
REGISTRY=${REGISTRY:-localhost}
export VERSION
[ $# -gt 0 ] || set -- gateway api game consensus bitcraps

ports() {
	case $1 in
	gateway) echo "8080 7100" ;;
	consensus) echo "7000 7100 26656" ;;
	bitcraps) echo "8080" ;;
	*) echo "7000 7100" ;;
	esac
}

for service in "$@"; do
	image=$REGISTRY/bitcraps/$service:$VERSION
	if command -v buildah >/dev/null; then
		# The same commit yields the same image whenever it is built.
		date=$(git log -1 --format=%ct 2>/dev/null || echo 0)
		sh deploy/docker/rootfs.sh "$service" "bin/images/$service"
		# shellcheck disable=SC2086 # BUILDAH consists of several words.
		${BUILDAH:-buildah --storage-driver vfs} bud --isolation chroot --quiet --timestamp "$date" --target prebuilt \
			--build-arg SERVICE="$service" --build-arg VERSION="$VERSION" --build-arg REVISION="$REVISION" \
			--build-arg PORTS="$(ports "$service")" -t "$image" -f deploy/docker/Dockerfile "bin/images/$service" >/dev/null
	elif command -v docker >/dev/null; then
		docker build --target service --build-arg SERVICE="$service" --build-arg VERSION="$VERSION" \
			--build-arg REVISION="$REVISION" --build-arg PORTS="$(ports "$service")" -t "$image" -f deploy/docker/Dockerfile .
	else
		echo "build.sh: neither buildah nor docker is installed; on Debian run: apt-get install buildah runc" >&2
		exit 1
	fi
	echo "$image"
done
