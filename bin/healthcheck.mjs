#!/usr/bin/env node
// For a container: whether the server beside it is ready. Over https the name on the certificate is not this machine’s.
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';

const { PORT = '4000', TLS_CERT_FILE = '' } = process.env;
const request = TLS_CERT_FILE === '' ? overHttp : overHttps;
const options = { host: '127.0.0.1', port: PORT, path: '/health/ready', rejectUnauthorized: false, timeout: 4000 };

request(options, (response) => {
  response.setEncoding('utf8').on('data', (text) => process.stdout.write(text));
  response.on('end', () => {
    process.exitCode = response.statusCode === 200 ? 0 : 1;
  });
})
  .on('timeout', function abandon() {
    this.destroy(new Error('no answer'));
  })
  .on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  })
  .end();
