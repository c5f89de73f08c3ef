package sqlite

import (
	"errors"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/bitcraps/bitcraps/libs/errs"
)

// storageFull converts SQLite's errors for a full disk to errs.StorageFull. Every other error stays as it is.
func (db *DB) storageFull(err error) error {
	sqliteErr, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch sqliteErr.Code() {
	// The second code is for the log's index, which SQLite writes page by page to find out whether there is space for it.
	case codes.SQLITE_FULL, codes.SQLITE_IOERR_SHMSIZE:
		return errs.StorageFull(db.path, err)
	}
	return err
}

// outcomeUnknown converts SQLite's errors of a failed commit: what was written of it may be recovered when the file is opened again. Only
// a constraint that is violated at the end of the transaction leaves nothing.
func outcomeUnknown(err error) error {
	sqliteErr, ok := errors.AsType[*sqlite.Error](err)
	if !ok || sqliteErr.Code()&0xff == codes.SQLITE_CONSTRAINT { // The lower byte is the primary error code.
		return err
	}
	return errs.OutcomeUnknown(err)
}
