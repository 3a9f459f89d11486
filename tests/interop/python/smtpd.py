"""A mail server of other people (aiosmtpd) that says on standard output what it was sent.

The first line is its port; then one JSON object a mail. It stops when its standard input ends.
"""

import email
import email.policy
import json
import sys

from aiosmtpd.controller import Controller


class Said:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        if "refuse" in envelope.rcpt_tos[0]:
            return "550 no such mailbox"
        said = {
            "to": envelope.rcpt_tos,
            "from": envelope.mail_from,
            "subject": mail["subject"],
            "id": mail["message-id"],
            "text": mail.get_content(),
        }
        print(json.dumps(said), flush=True)
        return "250 taken"


class AnyPort(Controller):
    def _trigger_server(self):
        # The port is only known once the system gave one.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = AnyPort(Said(), hostname="127.0.0.1", port=0)
controller.start()
print(controller.port, flush=True)
sys.stdin.read()
controller.stop()
