package sqlite

import (
	"errors"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/bitcraps/bitcraps/libs/errs"
)

// full gives SQLite's ways of saying that the disk is full the error that callers know. Every other error stays as it is.
func (db *DB) full(err error) error {
	said, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch said.Code() {
	// The second is for the log's index, which SQLite writes page by page to find out whether there is room for it.
	case codes.SQLITE_FULL, codes.SQLITE_IOERR_SHMSIZE:
		return errs.StorageFull(db.path, err)
	}
	return err
}

// unknown is what callers see of a commit that failed: what was written of it may be found again when the file is opened anew. A
// constraint that the transaction broke at its end left nothing.
func unknown(err error) error {
	said, ok := errors.AsType[*sqlite.Error](err)
	if !ok || said.Code()&0xff == codes.SQLITE_CONSTRAINT { // The lower byte is the kind of an error.
		return err
	}
	return errs.OutcomeUnknown(err)
}
