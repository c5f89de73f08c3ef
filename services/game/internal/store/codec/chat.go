package codec

import (
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// EraseChatText returns an encoded chat event without its text.
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
