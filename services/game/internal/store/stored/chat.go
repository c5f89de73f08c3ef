package stored

import (
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// Erase takes the text out of an event that is what somebody said.
func Erase(event []byte) ([]byte, error) {
	said := &play.Event{}
	if err := proto.Unmarshal(event, said); err != nil {
		return nil, err
	}
	if chat := said.GetChatPosted(); chat != nil {
		chat.Text = ""
	}
	return proto.Marshal(said)
}
