-- +goose Up

-- Returns what a statement leaves as the version (xmin) of each row that it writes: the number of its transaction. Where it found fewer
-- rows as they should be than it was to change, another transaction was first, and this one runs again.
-- +goose StatementBegin
CREATE FUNCTION written(changed bigint, wanted bigint) RETURNS xid LANGUAGE plpgsql AS $$
BEGIN
    IF changed IS DISTINCT FROM wanted THEN
        RAISE EXCEPTION '% rows changed instead of %', changed, wanted USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN pg_current_xact_id()::xid;
END
$$;
-- +goose StatementEnd
