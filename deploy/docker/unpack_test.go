package docker_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// file is a file's metadata in a layer.
type file struct {
	mode    int64
	uid     int
	regular bool
}

// unpack extracts a layer into the root file system, with the layer's file owners.
func (img image) unpack(layer string) error {
	packed, err := os.Open(layer)
	if err != nil {
		return err
	}
	defer func() { _ = packed.Close() }()
	unzipped, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = img.extract(header, archive)
		}
		if err != nil {
			return err
		}
	}
}

func (img image) extract(header *tar.Header, content io.Reader) error {
	name := strings.Trim(filepath.Clean(header.Name), "/")
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%s is outside of the image", header.Name)
	}
	img.files[name] = file{mode: header.Mode & 0o7777, uid: header.Uid, regular: header.Typeflag == tar.TypeReg}
	path := filepath.Join(img.rootfs, name)
	switch header.Typeflag {
	case tar.TypeDir:
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
	case tar.TypeReg:
		out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, os.FileMode(header.Mode))
		if err != nil {
			return err
		}
		_, err = io.Copy(out, content)
		if err := errors.Join(err, out.Close()); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s is neither a file nor a directory", name)
	}
	return os.Lchown(path, header.Uid, header.Gid)
}
