"""Serves the AWS CLI at a Unix socket: each connection is one call, in a process of its
own that is forked from this one, where the CLI is loaded already. What the call does is
what the command `aws` does; only Python's start is spared."""

import json, os, socketserver, sys, tempfile

from awscli import clidriver

driver = clidriver.create_clidriver()
driver.session.get_service_model("ecs")
main = getattr(clidriver, "AWSCLIEntryPoint", lambda d: d)(driver).main


class Call(socketserver.StreamRequestHandler):
    def handle(self):
        args = json.loads(self.rfile.readline())
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            code = main(args)
        except SystemExit as e:
            code = e.code
        sys.stdout.flush()
        sys.stderr.flush()
        out.seek(0), err.seek(0)
        said = {"code": code or 0, "stdout": out.read().decode(), "stderr": err.read().decode()}
        self.wfile.write(json.dumps(said).encode())


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    request_queue_size = 64


with Server(sys.argv[1], Call) as server:
    print("ready", flush=True)
    server.serve_forever()
