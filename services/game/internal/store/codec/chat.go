package codec

import (
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// EraseChatText takes the text out of an event that is what somebody said.
func EraseChatText(event []byte) ([]byte, error) {
	decoded := &play.Event{}
	if err := proto.Unmarshal(event, decoded); err != nil {
		return nil, err
	}
	if chat := decoded.GetChatPosted(); chat != nil {
		chat.Text = ""
	}
	return proto.Marshal(decoded)
}
