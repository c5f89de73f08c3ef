package api

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// accountServer implements the contract of accounts.
type accountServer struct {
	apiv1.UnimplementedAccountServiceServer
	*Service
}

// findAccount returns an account, or if there is none the zero account, to which no password belongs.
func (s *Service) findAccount(ctx context.Context, find func(store.Tx) (account.Account, error)) (found account.Account, err error) {
	err = s.store.Read(ctx, func(tx store.Tx) (err error) { found, err = find(tx); return err })
	if errors.Is(err, account.ErrNotFound) {
		return account.Account{}, nil
	}
	return found, err
}

func (s *Service) accountByEmail(ctx context.Context, email string) (account.Account, error) {
	return s.findAccount(ctx, func(tx store.Tx) (account.Account, error) { return tx.AccountByEmail(ctx, email) })
}

func (s *Service) accountByPlayer(ctx context.Context, player uuid.UUID) (account.Account, error) {
	return s.findAccount(ctx, func(tx store.Tx) (account.Account, error) { return tx.Account(ctx, player) })
}

// LinkEmail implements the contract. It does the same work whether the address is taken or not; only the text of the mail differs.
func (s *accountServer) LinkEmail(ctx context.Context, req *apiv1.LinkEmailRequest) (*apiv1.LinkEmailResponse, error) {
	caller, email := identity.FromContext(ctx), account.Normalize(req.GetEmail())
	if err := s.outbox.checkCapacity(); err != nil {
		return nil, err
	}
	mine, err := s.accountByPlayer(ctx, caller.Player)
	if err != nil {
		return nil, err
	}
	if mine.Email != "" {
		return nil, errs.New(errorsv1.Reason_REASON_EMAIL_LINKED, "you already sign in by e-mail")
	}
	if err := s.attempts.allowMailBy(ctx, caller.Player); err != nil {
		return nil, err
	}
	if err := s.attempts.allowMail(ctx, email); err != nil { // Only now: a refused call sends no mail, so it must not use up those of the address.
		return nil, err
	}
	taken, err := s.accountByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	hash, err := s.hash(ctx, req.GetPassword())
	if err != nil {
		return nil, err
	}
	owner, text := caller.Player, s.newCode()
	message := linkMail(email, text)
	if taken.Email != "" {
		owner, message = uuid.Nil, takenMail(email)
	}
	code := account.Code{Subject: account.LinkSubject(caller.Player), Player: owner, Email: email, Password: hash, Hash: account.HashCode(text)}
	err = s.store.Write(ctx, func(tx store.Tx) error {
		if _, err := s.signedInPlayer(ctx, tx, caller); err != nil {
			return err
		}
		return s.saveCode(ctx, tx, code)
	})
	if err != nil {
		return nil, err
	}
	s.outbox.send(ctx, message)
	return &apiv1.LinkEmailResponse{}, nil
}

func (s *Service) saveCode(ctx context.Context, tx store.Tx, code account.Code) error {
	code.Expires = s.now().Add(account.CodeLife)
	return tx.SaveCode(ctx, code)
}

// ConfirmEmail implements the contract.
func (s *accountServer) ConfirmEmail(ctx context.Context, req *apiv1.ConfirmEmailRequest) (*apiv1.ConfirmEmailResponse, error) {
	caller := identity.FromContext(ctx)
	err := s.redeemCode(ctx, caller.Player, account.LinkSubject(caller.Player), req.GetCode(), func(tx store.Tx, code account.Code) error {
		owner, err := s.signedInPlayer(ctx, tx, caller)
		if err != nil {
			return err
		}
		added, err := tx.AddAccount(ctx, account.Account{Player: caller.Player, Email: code.Email, Password: code.Password, Created: s.now()})
		if err == nil && !added {
			return checkLinked(ctx, tx, code)
		}
		if err != nil {
			return err
		}
		owner.Kind = apiv1.PlayerKind_PLAYER_KIND_ACCOUNT
		return tx.SavePlayer(ctx, owner)
	})
	return &apiv1.ConfirmEmailResponse{}, err
}

// checkLinked fails unless the code's player has its address already, as when the answer to an earlier call was lost. Otherwise another
// player has confirmed the address meanwhile.
func checkLinked(ctx context.Context, tx store.Tx, code account.Code) error {
	mine, err := tx.Account(ctx, code.Player)
	if errors.Is(err, account.ErrNotFound) || err == nil && mine.Email != code.Email {
		return account.ErrCode
	}
	return err
}

// redeemCode counts an attempt at a subject's code. If the code is valid and the owner's, do runs, in the same transaction. It
// removes the code if it must not be used again.
func (s *Service) redeemCode(ctx context.Context, owner uuid.UUID, subject, text string, do func(store.Tx, account.Code) error) error {
	var outcome error
	err := s.store.Write(ctx, func(tx store.Tx) error {
		if err := lockPlayer(ctx, tx, owner); err != nil {
			return err
		}
		code, err := tx.Code(ctx, subject)
		if errors.Is(err, account.ErrNotFound) {
			outcome = account.ErrCode
			return nil
		}
		if err != nil {
			return err
		}
		if outcome = code.Try(text, owner, s.now()); outcome != nil {
			return tx.SaveCode(ctx, code)
		}
		return do(tx, code)
	})
	if errors.Is(errors.Join(err, outcome), account.ErrCode) {
		return errs.New(errorsv1.Reason_REASON_CODE_INVALID, "the code is wrong, was used, was tried too often, or is older than %s; ask for a new one", account.CodeLife)
	}
	return err
}

// SignIn implements the contract.
func (s *accountServer) SignIn(ctx context.Context, req *apiv1.SignInRequest) (*apiv1.SignInResponse, error) {
	email := account.Normalize(req.GetEmail())
	if err := s.attempts.allowPassword(ctx, email); err != nil {
		return nil, err
	}
	found, err := s.accountByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	if err := s.checkPassword(ctx, req.GetPassword(), found.Password); err != nil {
		return nil, err
	}
	var owner player.Player
	var sess session.Session
	var refresh session.Token
	err = s.store.Write(ctx, func(tx store.Tx) (err error) {
		if owner, err = existingPlayer(ctx, tx, found.Player); err != nil {
			return err
		}
		if err = passwordUnchanged(ctx, tx, found); err != nil {
			return err
		}
		sess, refresh, err = s.beginSession(ctx, tx, owner.ID, apiv1.SignInMethod_SIGN_IN_METHOD_PASSWORD, uuid.Nil, req.GetClient())
		return err
	})
	if err != nil {
		return nil, err
	}
	credentials, err := s.newCredentials(sess, refresh, owner.Role)
	return &apiv1.SignInResponse{Credentials: credentials}, err
}

// ChangePassword implements the contract.
func (s *accountServer) ChangePassword(ctx context.Context, req *apiv1.ChangePasswordRequest) (*apiv1.ChangePasswordResponse, error) {
	caller := identity.FromContext(ctx)
	mine, err := s.accountByPlayer(ctx, caller.Player)
	if err != nil {
		return nil, err
	}
	if err := s.attempts.allowPassword(ctx, mine.Email+caller.Player.String()); err != nil {
		return nil, err
	}
	if err := s.checkPassword(ctx, req.GetOldPassword(), mine.Password); err != nil {
		return nil, err
	}
	hash, err := s.hash(ctx, req.GetNewPassword())
	if err != nil {
		return nil, err
	}
	err = s.store.Write(ctx, func(tx store.Tx) error {
		if _, err := s.signedInPlayer(ctx, tx, caller); err != nil {
			return err
		}
		if err := passwordUnchanged(ctx, tx, mine); err != nil {
			return err
		}
		_, err := s.endSessionsWhere(ctx, tx, caller.Player, func(sess session.Session) bool { return sess.ID != caller.Session })
		return errors.Join(err, tx.SavePassword(ctx, caller.Player, hash))
	})
	return &apiv1.ChangePasswordResponse{}, err
}

// ForgotPassword implements the contract. It does the same work whether the address has an account or not, up to the mail.
func (s *accountServer) ForgotPassword(ctx context.Context, req *apiv1.ForgotPasswordRequest) (*apiv1.ForgotPasswordResponse, error) {
	email := account.Normalize(req.GetEmail())
	if err := s.outbox.checkCapacity(); err != nil {
		return nil, err
	}
	if err := s.attempts.allowMail(ctx, email); err != nil {
		return nil, err
	}
	found, err := s.accountByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	text := s.newCode()
	code := account.Code{Subject: account.ResetSubject(email), Player: found.Player, Email: email, Hash: account.HashCode(text)}
	err = s.store.Write(ctx, func(tx store.Tx) error { return s.saveCode(ctx, tx, code) })
	if err != nil {
		return nil, err
	}
	if found.Email != "" {
		s.outbox.send(ctx, resetMail(email, text))
	}
	return &apiv1.ForgotPasswordResponse{}, nil
}

// ResetPassword implements the contract. It does not count attempts by account, as SignIn does, since a stranger could use those up and
// so keep the owner from both. Each code counts its own.
func (s *accountServer) ResetPassword(ctx context.Context, req *apiv1.ResetPasswordRequest) (*apiv1.ResetPasswordResponse, error) {
	email := account.Normalize(req.GetEmail())
	hash, err := s.hash(ctx, req.GetNewPassword())
	if err != nil {
		return nil, err
	}
	found, err := s.accountByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	err = s.redeemCode(ctx, found.Player, account.ResetSubject(email), req.GetCode(), func(tx store.Tx, code account.Code) error {
		_, err := s.endSessionsWhere(ctx, tx, code.Player, func(session.Session) bool { return true })
		return errors.Join(err, tx.SavePassword(ctx, code.Player, hash), tx.RemoveCode(ctx, code.Subject))
	})
	return &apiv1.ResetPasswordResponse{}, err
}
